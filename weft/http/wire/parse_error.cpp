// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/parse_error.hpp>

#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http::wire {
namespace {

// What is said of the culprit, or, where there is none, of the message.
std::string_view text_of(ParseProblem problem) noexcept {
    using enum ParseProblem;
    switch (problem) {
        case bare_line_feed:
            return "a line ends with a line feed alone: CR LF was expected";
        case bare_carriage_return:
            return "a carriage return without its line feed";
        case start_line_too_long:
            return "the first line passes start_line_bytes_max";
        case field_too_long:
            return "a header passes field_bytes_max";
        case too_many_fields:
            return "more headers than fields_max";
        case fields_too_long:
            return "all headers together pass fields_bytes_max";
        case bad_request_line:
            return "a request begins with METHOD SP TARGET SP VERSION";
        case bad_method:
            return "is no method, which is a token";
        case bad_target:
            return "is a method for which the target is not a path, an absolute URL, HOST:PORT "
                   "(CONNECT only) or * (OPTIONS only), of visible ASCII without #";
        case bad_version:
            return "is no version: HTTP/1.1 or HTTP/1.0 was expected";
        case unsupported_version:
            return "is not supported: only HTTP/1.1 and HTTP/1.0 are";
        case bad_status_line:
            return "a response begins with VERSION SP STATUS SP REASON";
        case bad_status:
            return "is no status, which is three digits from 100 on";
        case bad_reason:
            return "the reason phrase holds a control byte";
        case too_many_informational:
            return "more responses 1xx than informational_max";
        case folded_field:
            return "a header begins with white space: lines are not folded";
        case missing_colon:
            return "is a header without a colon";
        case bad_field_name:
            return "is no name of a header, which is a token right before a colon";
        case bad_field_value:
            return "is a header whose value holds a control byte";
        case missing_host:
            return "a request of HTTP/1.1 without Host";
        case duplicate_host:
            return "a second Host";
        case bad_host:
            return "is no Host, which is a host or host:port";
        case bad_content_length:
            return "is no Content-Length, which is digits, within 63 bits";
        case duplicate_content_length:
            return "a second Content-Length";
        case bad_transfer_encoding:
            return "is a Transfer-Encoding other than exactly chunked";
        case duplicate_transfer_encoding:
            return "a second Transfer-Encoding";
        case length_and_transfer_encoding:
            return "both Content-Length and Transfer-Encoding";
        case transfer_encoding_of_http_1_0:
            return "a Transfer-Encoding in a message of HTTP/1.0";
        case body_not_allowed:
            return "a body is announced where the message cannot have one";
        case bad_chunk_size:
            return "is no size of a chunk, which is 1 to 16 hexadecimal digits, within 63 bits";
        case bad_chunk_extension:
            return "is no chunk extension, which is ;NAME or ;NAME=VALUE";
        case chunk_extensions_too_long:
            return "chunk extensions pass chunk_extension_bytes_max";
        case missing_chunk_end:
            return "a chunk's data is not followed by CR LF";
        case forbidden_trailer:
            return "must not be a trailer";
        case cut_off:
            return "the connection ended within the message";
    }
    return "";
}

}  // namespace

std::string describe(const ParseError& error) {
    std::string out;
    const std::string_view text = text_of(error.problem);
    if (error.culprit().empty()) {
        out = text;
    } else {
        out = in_quotes(error.culprit());
        // A text that begins with a verb goes on from the culprit.
        out += text.starts_with("is ") || text.starts_with("must ") ? " " : ": ";
        out += text;
    }
    return out + "; at byte " + std::to_string(error.offset) + " of the message";
}

int status_for(ParseProblem problem) noexcept {
    using enum ParseProblem;
    switch (problem) {
        case start_line_too_long:
            return 414;
        case field_too_long:
        case too_many_fields:
        case fields_too_long:
            return 431;
        case unsupported_version:
            return 505;
        default:
            return 400;
    }
}

}  // namespace weft::http::wire

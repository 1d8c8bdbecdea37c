// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/http2_error.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http::wire {
namespace {

// What is said of the culprit, or, where there is none, of the stream or connection.
std::string_view text_of(H2Problem problem) noexcept {
    using enum H2Problem;
    switch (problem) {
        case broken_protocol:
            return "the peer breaks HTTP/2";
        case pushed_stream:
            return "the peer pushes a stream, though it was told not to";
        case too_many_continuations:
            return "headers in more CONTINUATION frames than continuations_max";
        case too_many_barren_frames:
            return "more frames that bring nothing than barren_frames_max";
        case field_too_long:
            return "a header passes field_bytes_max";
        case too_many_fields:
            return "more headers than fields_max";
        case fields_too_long:
            return "all headers together pass fields_bytes_max";
        case bad_field_name:
            return "is no name of a header, which is a token in lower case";
        case bad_field_value:
            return "is a header whose value holds a control byte";
        case connection_field:
            return "is a header of one connection, and has no place in HTTP/2";
        case bad_pseudo_field:
            return "is not expected here: a head begins with one :status, and trailers have none";
        case bad_status:
            return "the status is not three digits from 100 on, or is 101";
        case missing_status:
            return "a head without :status";
        case too_many_informational:
            return "more responses 1xx than informational_max";
        case informational_at_end:
            return "the stream ends with a response 1xx";
        case bad_content_length:
            return "the length of the body is not digits, within 63 bits";
        case duplicate_content_length:
            return "a second content-length";
        case body_not_allowed:
            return "a body where the message cannot have one";
        case body_too_long:
            return "the body is longer than its content-length";
        case cut_off:
            return "the stream ends within the message";
        case data_before_head:
            return "a body before its head";
        case forbidden_trailer:
            return "must not be a trailer";
        case head_after_head:
            return "a second head in one stream";
    }
    return "";
}

}  // namespace

std::string name_of(H2Code code) {
    constexpr std::array<const char*, 14> names = {"NO_ERROR",
                                                   "PROTOCOL_ERROR",
                                                   "INTERNAL_ERROR",
                                                   "FLOW_CONTROL_ERROR",
                                                   "SETTINGS_TIMEOUT",
                                                   "STREAM_CLOSED",
                                                   "FRAME_SIZE_ERROR",
                                                   "REFUSED_STREAM",
                                                   "CANCEL",
                                                   "COMPRESSION_ERROR",
                                                   "CONNECT_ERROR",
                                                   "ENHANCE_YOUR_CALM",
                                                   "INADEQUATE_SECURITY",
                                                   "HTTP_1_1_REQUIRED"};
    const auto number = static_cast<std::uint32_t>(code);
    return number < names.size() ? names[number] : std::to_string(number);
}

std::string describe(const H2Error& error) {
    const std::string_view text = text_of(error.problem);
    if (error.problem == H2Problem::broken_protocol) {
        std::string out = std::string(text) + ", " + name_of(error.code);
        if (!error.culprit().empty()) out += ": " + in_quotes(error.culprit());
        return out;
    }
    if (error.culprit().empty()) return std::string(text);
    // A text that begins with a verb goes on from the culprit.
    const bool goes_on = text.starts_with("is ") || text.starts_with("must ");
    return in_quotes(error.culprit()) + (goes_on ? " " : ": ") + std::string(text);
}

H2Code code_for(H2Problem problem) noexcept {
    switch (problem) {
        using enum H2Problem;
        case too_many_continuations:
        case too_many_barren_frames:
        case field_too_long:
        case too_many_fields:
        case fields_too_long:
        case too_many_informational:
            return H2Code::enhance_your_calm;
        default:
            return H2Code::protocol_error;
    }
}

}  // namespace weft::http::wire

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http1_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <expected>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/internal/authority.hpp>
#include <weft/http/wire/internal/scan.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {
namespace {

using internal::Fault;
using enum ParseProblem;

std::unexpected<Fault> refuse(ParseProblem problem, BytesView culprit = {}) {
    return std::unexpected(Fault{problem, 0, culprit});
}

constexpr std::size_t version_bytes = BytesView("HTTP/1.1").size();

std::expected<HttpVersion, Fault> read_version(BytesView text) {
    if (text == "HTTP/1.1") return http_1_1;
    if (text == "HTTP/1.0") return http_1_0;
    const bool is_version = text.size() == version_bytes && text.starts_with("HTTP/") &&
                            is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
    return refuse(is_version ? unsupported_version : bad_version, text);
}

// RFC 9112 §3.2: which form a target has, the method tells.
bool has_the_form_for(const Method& method, BytesView target) {
    if (target.empty()) return false;
    if (method == Method::connect) {
        const std::size_t colon = target.rfind(':');
        return colon != BytesView::npos && colon > 0 && colon + 1 < target.size() &&
               is_digit(target.back()) && internal::is_authority(target);
    }
    if (target.front() == '/') return true;
    if (target == "*") return method == Method::options;
    const std::size_t scheme_end = target.find("://");
    return scheme_end != BytesView::npos && scheme_end > 0 &&
           is_token(target.substr(0, scheme_end));
}

// RFC 9112 §9.3.
bool is_persistent(HttpVersion version, const internal::FieldNotes& notes) {
    if (notes.says_close()) return false;
    return version >= http_1_1 || notes.says_keep_alive();
}

bool announces_body(const internal::FieldNotes& notes) {
    return notes.is_chunked() || notes.content_length().value_or(0) > 0;
}

}  // namespace

// RFC 9112 §2.2: some clients send an empty line behind a body.
RequestParser::RequestParser(const Limits& limits) : MessageParser(limits, true) {}

void RequestParser::start_next() {
    check(is_over(), "start_next() before the message is over");
    begin_message();
}

bool RequestParser::expects_continue() const noexcept {
    return notes().expects_continue() && head_.version >= http_1_1 && announces_body(notes());
}

std::expected<void, Fault> RequestParser::read_start_line(BytesView line) {
    const char* const end = line.data() + line.size();
    const char* const method_end = internal::skip_token(line.data(), end);
    const BytesView first = line.substr(0, line.find(' '));
    const BytesView method(line.data(), method_end);
    if (method.empty() || method != first) return refuse(bad_method, first);
    if (method_end == end) return refuse(bad_request_line);

    const char* const target = method_end + 1;
    const char* const target_end = internal::skip_target(target, end);
    head_.method = Method::from_token(method);
    if (target_end == end) return refuse(bad_request_line);
    if (*target_end != ' ' || !has_the_form_for(head_.method, BytesView(target, target_end))) {
        return refuse(bad_target, method);
    }
    head_.target.assign(target, target_end);

    const auto version = read_version(BytesView(target_end + 1, end));
    if (!version) return std::unexpected(version.error());
    head_.version = *version;
    return {};
}

std::expected<MessageParser::Verdict, Fault> RequestParser::judge(
    const internal::FieldNotes& notes) {
    if (head_.version >= http_1_1 && !notes.has_host()) return refuse(missing_host);
    if (head_.version < http_1_1 && notes.is_chunked()) {
        return refuse(transfer_encoding_of_http_1_0);
    }
    // What the body of a CONNECT would be, its recipients do not agree on.
    if (head_.method == Method::connect && announces_body(notes)) {
        return refuse(body_not_allowed, head_.method.name());
    }
    BodyFraming framing = BodyFraming::none;
    if (notes.is_chunked()) framing = BodyFraming::chunked;
    if (notes.content_length()) framing = BodyFraming::length;
    return Verdict{.framing = framing,
                   .keep_alive = is_persistent(head_.version, notes),
                   .upgrade = head_.version >= http_1_1 && notes.says_upgrade()};
}

ResponseParser::ResponseParser(const Method& request, const Limits& limits)
    : MessageParser(limits, false), request_(request.known()) {}

void ResponseParser::start_next(const Method& request) {
    check(is_over() || is_idle(), "start_next() before the message is over");
    begin_message();
    request_ = request.known();
    informational_ = 0;
}

std::expected<void, Fault> ResponseParser::read_start_line(BytesView line) {
    const auto version = read_version(line.substr(0, line.find(' ')));
    if (!version) return std::unexpected(version.error());
    // RFC 9112 §4 wants a space behind the status even without a reason. Servers forget it, and
    // nothing depends on it.
    line.remove_prefix(version_bytes);
    if (!line.starts_with(' ')) return refuse(bad_status_line);
    line.remove_prefix(1);
    const BytesView digits = line.substr(0, line.find(' '));
    if (digits.size() != 3 || !std::ranges::all_of(digits, is_digit) || digits.front() == '0') {
        return refuse(bad_status, digits);
    }
    line.remove_prefix(digits.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (value_prefix(line) < line.size()) return refuse(bad_reason);

    head_.version = *version;
    head_.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    head_.reason = line;
    return {};
}

std::expected<MessageParser::Verdict, Fault> ResponseParser::judge(
    const internal::FieldNotes& notes) {
    if (head_.version < http_1_1 && notes.is_chunked()) {
        return refuse(transfer_encoding_of_http_1_0);
    }
    const bool is_1xx = head_.status < 200;
    if ((is_1xx || head_.status == 204) && announces_body(notes)) return refuse(body_not_allowed);
    if (is_1xx && head_.status != 101) {
        if (informational_ == limits().informational_max) return refuse(too_many_informational);
        ++informational_;
        return Verdict{.is_informational = true};
    }
    const bool is_tunnel = request_ == Method::connect && head_.status < 300;
    if (is_1xx || is_tunnel) return Verdict{.upgrade = is_1xx};

    // RFC 9112 §6.3.
    BodyFraming framing = BodyFraming::until_close;
    if (notes.is_chunked()) framing = BodyFraming::chunked;
    if (notes.content_length()) framing = BodyFraming::length;
    if (request_ == Method::head || head_.status == 204 || head_.status == 304) {
        framing = BodyFraming::none;
    }
    return Verdict{
        .framing = framing,
        .keep_alive = framing != BodyFraming::until_close && is_persistent(head_.version, notes)};
}

}  // namespace weft::http::wire

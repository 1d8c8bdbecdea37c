// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/internal/response_reader.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <string_view>

#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {
namespace {

using enum H2Problem;

std::unexpected<H2Error> refuse(H2Problem problem, std::string_view culprit = {}) {
    return std::unexpected(H2Error(problem, code_for(problem), culprit));
}

// What frames a message or a connection of HTTP/1.1. `te` is for requests.
// Spec: RFC 9113 §8.2.2.
bool is_of_connection(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 6> names = {
        "connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"};
    return std::ranges::find(names, name) != names.end();
}

bool is_lower_case(std::string_view name) noexcept {
    return std::ranges::all_of(name, [](char c) { return to_lower(c) == c; });
}

H2Problem problem_of(ParseProblem noted) noexcept {
    switch (noted) {
        case ParseProblem::forbidden_trailer:
            return forbidden_trailer;
        case ParseProblem::duplicate_content_length:
            return duplicate_content_length;
        case ParseProblem::bad_content_length:
            return bad_content_length;
        default:  // `host`, which a response has no use for
            return bad_field_value;
    }
}

// As HTTP/1.1 would write it: `name: value CR LF`.
constexpr std::size_t framing_bytes = 4;

}  // namespace

ResponseReader::Judged ResponseReader::begin_block() {
    if (stage_ == Stage::over) return refuse(head_after_head);
    head_.headers.clear();
    has_status_ = has_fields_ = false;
    if (stage_ == Stage::body) {
        notes_.begin_trailers();
    } else {
        notes_ = FieldNotes();
        fields_ = fields_bytes_ = 0;
    }
    return {};
}

ResponseReader::Judged ResponseReader::add_field(std::string_view name, std::string_view value) {
    if (const auto counted = count_field(name, value); !counted) return counted;
    if (name.starts_with(':')) return add_status(name, value);
    has_fields_ = true;
    if (!is_token(name) || !is_lower_case(name)) return refuse(bad_field_name, name);
    value = trimmed(value);
    if (value_prefix(value) < value.size()) return refuse(bad_field_value, name);
    if (is_of_connection(name)) return refuse(connection_field, name);
    if (const auto noted = notes_.note(name, value)) return refuse(problem_of(*noted), name);
    head_.headers.add(name, value);
    return {};
}

// Trailers count with the head, as in HTTP/1.1.
ResponseReader::Judged ResponseReader::count_field(std::string_view name, std::string_view value) {
    const std::size_t bytes = name.size() + value.size() + framing_bytes;
    if (bytes > limits_.field_bytes_max) return refuse(field_too_long, name);
    if (++fields_ > limits_.fields_max) return refuse(too_many_fields);
    fields_bytes_ += bytes;
    if (fields_bytes_ > limits_.fields_bytes_max) return refuse(fields_too_long);
    return {};
}

ResponseReader::Judged ResponseReader::add_status(std::string_view name, std::string_view value) {
    const bool is_expected = stage_ == Stage::head && name == ":status";
    if (!is_expected || has_status_ || has_fields_) return refuse(bad_pseudo_field, name);
    if (value.size() != 3 || !std::ranges::all_of(value, is_digit) || value.front() == '0' ||
        value == "101") {
        return refuse(bad_status);
    }
    has_status_ = true;
    head_.version = http_2;
    head_.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    head_.reason.clear();
    return {};
}

std::expected<ResponseReader::Block, H2Error> ResponseReader::end_block(bool ends) {
    if (stage_ == Stage::head) return end_head(ends);
    if (!ends) return refuse(head_after_head);
    return Block::trailers;
}

std::expected<ResponseReader::Block, H2Error> ResponseReader::end_head(bool ends) {
    if (!has_status_) return refuse(missing_status);
    const bool is_informational = head_.status < 200;
    if ((is_informational || head_.status == 204) && notes_.content_length().value_or(0) != 0) {
        return refuse(body_not_allowed);
    }
    if (is_informational) {
        if (ends) return refuse(informational_at_end);
        if (++informational_ > limits_.informational_max) return refuse(too_many_informational);
        return Block::informational;
    }
    stage_ = Stage::body;
    const bool may_have_body =
        request_ != Method::head && head_.status != 204 && head_.status != 304;
    length_ = may_have_body ? notes_.content_length() : 0;
    if (ends && length_.value_or(0) != 0) return refuse(cut_off);
    if (ends) length_ = 0;
    return Block::head;
}

ResponseReader::Judged ResponseReader::add_data(std::size_t bytes) {
    if (stage_ != Stage::body) return refuse(data_before_head);
    const bool is_allowed = bytes <= body_room();
    received_ += bytes;
    if (is_allowed) return {};
    return refuse(length_ == 0U ? body_not_allowed : body_too_long);
}

std::uint64_t ResponseReader::body_room() const noexcept {
    if (stage_ != Stage::body) return 0;
    return length_.value_or(std::numeric_limits<std::uint64_t>::max()) - received_;
}

ResponseReader::Judged ResponseReader::end_stream() {
    if (stage_ != Stage::body || received_ < length_.value_or(0)) return refuse(cut_off);
    stage_ = Stage::over;
    return {};
}

}  // namespace weft::http::wire::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/multipart_parser.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/body/internal/boundary.hpp>
#include <weft/http/body/multipart_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

constexpr BytesView line_break = "\r\n";
constexpr BytesView headers_end = "\r\n\r\n";

// RFC 7578 §4.7 and RFC 2045 §6.2: those that change nothing.
bool changes_nothing(std::string_view transfer_encoding) noexcept {
    constexpr std::array<std::string_view, 3> names{"7bit", "8bit", "binary"};
    return std::ranges::any_of(
        names, [&](std::string_view name) { return equal_ignoring_case(name, transfer_encoding); });
}

}  // namespace

std::expected<std::string, MultipartError> multipart_boundary(const MediaType& type) {
    if (type.type != "multipart") {
        return std::unexpected(MultipartError(MultipartProblem::not_multipart, type.essence()));
    }
    const auto boundaries = type.parameters.getall("boundary");
    if (boundaries.size() != 1 || !internal::is_boundary(boundaries.front())) {
        return std::unexpected(MultipartError(MultipartProblem::bad_boundary, type.essence()));
    }
    return std::string(boundaries.front());
}

MultipartParser::MultipartParser(std::string_view boundary, const MultipartLimits& limits)
    : limits_(limits), search_(internal::judged_boundary(boundary)) {
    search_.begin();
}

std::expected<MultipartStep, MultipartError> MultipartParser::next(BytesView data) {
    if (error_) return Failure(*error_);
    const std::size_t came = data.size();
    const auto event = advance(data);
    if (!event) {
        error_ = event.error();
        return Failure(*error_);
    }
    return MultipartStep{.event = *event,
                         .used = came - data.size(),
                         .content = *event == MultipartEvent::content ? content_ : BytesView()};
}

std::expected<void, MultipartError> MultipartParser::finish() const {
    if (error_) return Failure(*error_);
    if (state_ != State::over) return Failure(MultipartError(MultipartProblem::cut_off));
    return {};
}

std::expected<MultipartEvent, MultipartError> MultipartParser::advance(BytesView& data) {
    while (!data.empty()) {
        switch (state_) {
            case State::preamble:
                if (const auto skipped = skip(data); !skipped) return Failure(skipped.error());
                break;
            case State::delimiter_end: {
                const auto event = end_delimiter(data);
                if (!event || *event != MultipartEvent::need_data) return event;
                break;
            }
            case State::headers: {
                const auto done = take_headers(data);
                if (!done) return Failure(done.error());
                if (*done) return MultipartEvent::part;
                break;
            }
            case State::content: {
                const MultipartEvent event = take_content(data);
                if (event != MultipartEvent::need_data) return event;
                break;
            }
            case State::over:
                if (const auto skipped = skip(data); !skipped) return Failure(skipped.error());
                break;
        }
    }
    return state_ == State::over ? MultipartEvent::end : MultipartEvent::need_data;
}

std::expected<void, MultipartError> MultipartParser::skip(BytesView& data) {
    const bool is_over = state_ == State::over;
    const BytesView ignored = is_over ? data : search_.take(data);
    if (ignored.size() > limits_.ignored_bytes_max - ignored_bytes_) {
        return Failure(MultipartError(MultipartProblem::ignored_too_long));
    }
    ignored_bytes_ += ignored.size();
    if (is_over) data = {};
    if (!is_over && search_.is_found()) state_ = State::delimiter_end;
    return {};
}

std::expected<MultipartEvent, MultipartError> MultipartParser::end_delimiter(BytesView& data) {
    const BytesView part = data.substr(0, line_break.size() - block_.size());
    block_ += part;
    data.remove_prefix(part.size());
    if (block_ == "--") {
        state_ = State::over;
        return MultipartEvent::end;
    }
    if (!line_break.starts_with(block_) && block_ != "-") {
        return Failure(MultipartError(MultipartProblem::bad_delimiter));
    }
    if (block_ != line_break) return MultipartEvent::need_data;
    if (parts_++ == limits_.parts_max) {
        return Failure(MultipartError(MultipartProblem::too_many_parts));
    }
    state_ = State::headers;  // with the line break in the block, they end with two in any case
    return MultipartEvent::need_data;
}

std::expected<bool, MultipartError> MultipartParser::take_headers(BytesView& data) {
    const std::size_t block_bytes_max =
        line_break.size() + limits_.header_bytes_max + line_break.size();
    const std::size_t kept = block_.size();
    const BytesView part = data.substr(0, block_bytes_max - kept);
    block_ += part;
    const std::size_t end = block_.find(headers_end, kept - std::min<std::size_t>(kept, 3));
    if (end == Bytes::npos) {
        data.remove_prefix(part.size());
        if (block_.size() < block_bytes_max) return false;
        return Failure(MultipartError(MultipartProblem::headers_too_long));
    }
    data.remove_prefix(end + headers_end.size() - kept);
    const auto read = read_headers(
        BytesView(block_).substr(0, end + line_break.size()).substr(line_break.size()));
    block_.clear();
    if (!read) return Failure(read.error());
    state_ = State::content;
    search_.begin();
    return true;
}

std::expected<void, MultipartError> MultipartParser::read_headers(BytesView lines) {
    headers_.clear();
    while (!lines.empty()) {
        const BytesView line = lines.substr(0, lines.find(line_break));
        lines.remove_prefix(line.size() + line_break.size());
        const std::string_view name = line.substr(0, token_prefix(line));
        const bool is_field = !name.empty() && line.substr(name.size()).starts_with(':') &&
                              value_prefix(line.substr(name.size())) == line.size() - name.size();
        if (!is_field) {
            // Behind the colon there may be a secret.
            const std::string_view culprit = line.substr(0, line.find(':'));
            return Failure(MultipartError(MultipartProblem::bad_field, culprit));
        }
        if (headers_.size() == limits_.fields_max) {
            return Failure(MultipartError(MultipartProblem::too_many_fields));
        }
        headers_.add(name, line.substr(name.size() + 1));
    }
    for (const std::string_view coding : headers_.getall("Content-Transfer-Encoding")) {
        if (!changes_nothing(coding)) {
            return Failure(MultipartError(MultipartProblem::transfer_encoding, coding));
        }
    }
    return {};
}

MultipartEvent MultipartParser::take_content(BytesView& data) {
    content_ = search_.take(data);
    if (!content_.empty()) return MultipartEvent::content;
    if (!search_.is_found()) return MultipartEvent::need_data;
    state_ = State::delimiter_end;
    return MultipartEvent::part_end;
}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/message_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/wire/body_reader.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/field_reader.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {
namespace {

using internal::Fault;

constexpr BytesView line_break = "\r\n";

}  // namespace

MessageParser::MessageParser(const Limits& limits, bool may_follow_empty_line)
    : limits_(limits),
      may_follow_empty_line_(may_follow_empty_line),
      fields_(limits),
      body_(limits) {
    check(limits.fields_bytes_max <= Headers::bytes_max &&
              limits.start_line_bytes_max <= Headers::bytes_max,
          "limits of a head that no Headers can hold");
}

void MessageParser::begin_head() noexcept {
    stage_ = Stage::start_line;
    fields_ = internal::FieldReader(limits_);
    notes_ = internal::FieldNotes();
    headers().clear();
}

void MessageParser::begin_message() noexcept {
    check(!error_, "start_next() of a parser that has refused its message");
    begin_head();
    framing_ = BodyFraming::none;
    keep_alive_ = false;
    upgrade_ = false;
    has_skipped_ = false;
    taken_ = 0;
    line_.clear();
    trailers_.clear();
}

std::expected<Step, ParseError> MessageParser::next(BytesView data) {
    if (error_) return std::unexpected(*error_);
    const std::size_t fed = data.size();
    auto step = advance(data);
    taken_ += fed - data.size();
    if (!step) return std::unexpected(fail(step.error()));
    step->used = fed - data.size();
    return *step;
}

ParseError MessageParser::fail(const Fault& fault) noexcept {
    error_.emplace();
    error_->problem = fault.problem;
    error_->offset = taken_ - fault.bytes;
    error_->set_culprit(fault.culprit);
    return *error_;
}

std::expected<Step, Fault> MessageParser::advance(BytesView& data) {
    switch (stage_) {
        case Stage::informational:
            begin_head();
            [[fallthrough]];
        case Stage::start_line: {
            const auto taken = take_start_line(data);
            if (!taken) return std::unexpected(taken.error());
            if (!*taken) return Step{};
            stage_ = Stage::fields;
            [[fallthrough]];
        }
        case Stage::fields: {
            const auto done = fields_.read(data, line_, headers(), notes_);
            if (!done) return std::unexpected(done.error());
            if (!*done) return Step{};
            return end_head();
        }
        case Stage::body: {
            const auto piece = body_.read(
                data, {.line = line_, .fields = fields_, .notes = notes_, .trailers = trailers_});
            if (!piece) return std::unexpected(piece.error());
            if (!piece->empty()) return Step{.event = Event::body, .body = *piece};
            if (!body_.is_over()) return Step{};
            stage_ = Stage::over;
            [[fallthrough]];
        }
        case Stage::over:
            return Step{.event = Event::end};
    }
    return Step{};
}

std::expected<bool, Fault> MessageParser::take_start_line(BytesView& data) {
    for (;;) {
        const auto line = line_.take(data, limits_.start_line_bytes_max);
        if (!line) {
            return std::unexpected(Fault{ParseProblem::start_line_too_long, line_.size(), {}});
        }
        if (line->empty()) return false;
        if (!line->ends_with(line_break)) {
            return std::unexpected(Fault{ParseProblem::bare_line_feed, line->size(), {}});
        }
        if (*line == line_break && may_follow_empty_line_ && !has_skipped_) {
            has_skipped_ = true;
            continue;
        }
        auto fault = read_start_line(line->substr(0, line->size() - line_break.size()));
        if (fault) return true;
        fault.error().bytes = line->size();
        return std::unexpected(fault.error());
    }
}

std::expected<Step, Fault> MessageParser::end_head() {
    const auto verdict = judge(notes_);
    if (!verdict) return std::unexpected(verdict.error());
    if (verdict->is_informational) {
        // The next head begins when it is asked for, since this one is yet to be looked at.
        stage_ = Stage::informational;
        return Step{.event = Event::informational};
    }
    framing_ = verdict->framing;
    keep_alive_ = verdict->keep_alive;
    upgrade_ = verdict->upgrade;
    body_.begin(framing_, notes_.content_length().value_or(0));
    stage_ = Stage::body;
    return Step{.event = Event::head};
}

std::expected<void, ParseError> MessageParser::feed_eof() {
    if (error_) return std::unexpected(*error_);
    if (stage_ == Stage::body && (body_.is_over() || body_.ends_with_connection())) {
        stage_ = Stage::over;
    }
    if (stage_ == Stage::over || is_idle()) return {};
    return std::unexpected(fail({.problem = ParseProblem::cut_off, .bytes = 0, .culprit = {}}));
}

bool MessageParser::is_idle() const noexcept { return stage_ == Stage::start_line && taken_ == 0; }

std::optional<std::uint64_t> MessageParser::body_length() const noexcept {
    switch (framing_) {
        case BodyFraming::none:
            return 0;
        case BodyFraming::length:
            return notes_.content_length();
        case BodyFraming::chunked:
        case BodyFraming::until_close:
            break;
    }
    return std::nullopt;
}

}  // namespace weft::http::wire

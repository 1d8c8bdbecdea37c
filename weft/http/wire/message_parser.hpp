// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/message_parser.hpp - what parsers of requests and of responses have in common.
//
//   start_line ──▶ fields ──head──▶ body ──end──▶ over
//        ▲            │                             │
//        │            └─informational (1xx)─┐       │
//        └──────────────────────────────────┴───────┘ start_next()
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/wire/body_reader.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/field_reader.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/line_buffer.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {

enum class Event : std::uint8_t {
    need_data,      ///< all was taken: feed more
    head,           ///< head() is complete
    informational,  ///< of responses: head() is complete and a 1xx; the next one will follow
    body,           ///< `body` is a piece of the body
    end,            ///< the message is over, and so it stays until start_next()
};

/// What a parser has found, and how much of what it was fed was taken for it.
struct Step {
    Event event = Event::need_data;
    std::size_t used = 0;
    BytesView body{};  ///< of `Event::body`: a view of what was fed, never empty
};

/// The part that both parsers share; made through them only.
///
///     RequestParser parser;
///     for (;;) {
///         const auto step = parser.next(data);
///         if (!step) throw ValueError(describe(step.error()));
///         data.remove_prefix(step->used);
///         if (step->event == Event::body) body += step->body;
///         if (step->event == Event::end) break;
///     }
///
/// The bytes may come in any pieces: the events are the same but for where a body is cut, and so
/// are the errors. What is taken need not be kept. Behind a message, nothing is taken: those bytes
/// are the next message's, or of another protocol.
///
/// Cost: one pass over the bytes, each looked at once and each byte of the head copied once (twice
///       where its line came in pieces); memory is kept from message to message.
class MessageParser {
public:
    MessageParser(const MessageParser&) = delete;
    MessageParser& operator=(const MessageParser&) = delete;

    /// Takes bytes from the front of `data` up to the next event.
    ///
    /// Errors: ParseError   the message is refused, and the connection with it: each further call
    ///                      gives the same error.
    [[nodiscard]] std::expected<Step, ParseError> next(BytesView data);

    /// Tells that the peer has ended the stream: a body that lasts until then is over.
    ///
    /// Errors: ParseError   `cut_off`: the message is not complete. Where none has begun, that is
    ///                      no error.
    [[nodiscard]] std::expected<void, ParseError> feed_eof();

    /// Whether the message is over.
    [[nodiscard]] bool is_over() const noexcept { return stage_ == Stage::over; }
    /// Whether nothing of a message has come yet: then the connection may be closed as well.
    [[nodiscard]] bool is_idle() const noexcept;

    /// What follows is known once the head is.

    /// The length of the body, where the message tells it; nullopt of a chunked body and of one
    /// that lasts until the end of the stream. 0 where there is none.
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept;
    [[nodiscard]] bool is_chunked() const noexcept { return framing_ == BodyFraming::chunked; }
    /// Whether another message may follow on this connection.
    /// Spec: RFC 9112 §9.3.
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
    /// Of a request: it asks for another protocol. Of a response: what follows it is one (101).
    /// Spec: RFC 9110 §7.8.
    [[nodiscard]] bool upgrade() const noexcept { return upgrade_; }
    /// What came behind a chunked body; complete at its end. Never merged with the headers, which
    /// have been acted upon already; those that frame or route a message are refused.
    [[nodiscard]] const Headers& trailers() const noexcept { return trailers_; }

protected:
    using BodyFraming = internal::BodyFraming;
    /// What the fields of a head amount to.
    struct Verdict {
        BodyFraming framing = BodyFraming::none;
        bool keep_alive = false;
        bool upgrade = false;
        bool is_informational = false;
    };

    /// One empty line may come before a message that `may_follow_empty_line`.
    MessageParser(const Limits& limits, bool may_follow_empty_line);
    ~MessageParser() = default;

    /// `line` is without CR LF.
    virtual std::expected<void, internal::Fault> read_start_line(BytesView line) = 0;
    virtual std::expected<Verdict, internal::Fault> judge(const internal::FieldNotes& notes) = 0;
    virtual Headers& headers() noexcept = 0;

    void begin_message() noexcept;
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
    [[nodiscard]] const internal::FieldNotes& notes() const noexcept { return notes_; }

private:
    enum class Stage : std::uint8_t { start_line, fields, informational, body, over };

    std::expected<Step, internal::Fault> advance(BytesView& data);
    std::expected<bool, internal::Fault> take_start_line(BytesView& data);
    std::expected<Step, internal::Fault> end_head();
    void begin_head() noexcept;
    [[nodiscard]] ParseError fail(const internal::Fault& fault) noexcept;

    Limits limits_;
    Stage stage_ = Stage::start_line;
    BodyFraming framing_ = BodyFraming::none;
    bool keep_alive_ = false;
    bool upgrade_ = false;
    bool may_follow_empty_line_;
    bool has_skipped_ = false;
    std::uint64_t taken_ = 0;  // bytes of this message
    internal::LineBuffer line_;
    internal::FieldReader fields_;
    internal::FieldNotes notes_;
    internal::BodyReader body_;
    Headers trailers_;
    std::optional<ParseError> error_;
};

}  // namespace weft::http::wire

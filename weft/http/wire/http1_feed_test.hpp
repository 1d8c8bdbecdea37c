// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http1_feed_test.hpp - what a parser makes of bytes, however they are cut.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {

inline std::string text_of(const Headers& headers) {
    std::string out;
    for (const auto& [name, value] : headers) {
        out.append(" ").append(name).append("=").append(value);
    }
    return out;
}
inline std::string text_of(const RequestHead& head) {
    return std::string(head.method.name()) + " " + head.target + " 1." +
           std::to_string(head.version.minor) + text_of(head.headers);
}
inline std::string text_of(const ResponseHead& head) {
    return std::to_string(head.status) + " '" + head.reason + "' 1." +
           std::to_string(head.version.minor) + text_of(head.headers);
}

/// Plays the connection: feeds a parser and writes down what it finds, message after message for as
/// long as the connection stays HTTP.
template <std::derived_from<MessageParser> Parser>
class Listener {
public:
    template <class... Args>
    explicit Listener(const Method& request, Args... args)
        requires std::same_as<Parser, ResponseParser>
        : request_(request), parser_(request, args...) {}
    explicit Listener(const Limits& limits = {})
        requires std::same_as<Parser, RequestParser>
        : parser_(limits) {}

    void feed(BytesView data) {
        while (!stopped_) {
            const auto step = parser_.next(data);
            if (!step) return stop_at(step.error());
            data.remove_prefix(step->used);
            taken_ += step->used;
            if (step->event != Event::body) end_body();
            switch (step->event) {
                case Event::need_data:
                    return;
                case Event::informational:
                    text_ += "[1xx " + text_of(parser_.head()) + "]";
                    break;
                case Event::head:
                    text_ += "[" + text_of(parser_.head()) + "]";
                    break;
                case Event::body:
                    body_ = body_.value_or("").append(step->body);
                    break;
                case Event::end:
                    end();
                    break;
            }
        }
    }
    void feed_eof() {
        if (stopped_) return;
        const auto ended = parser_.feed_eof();
        end_body();
        if (!ended) return stop_at(ended.error());
        if (parser_.is_over()) end();
    }

    /// `[head]{body}(trailers)` of each message, `{body…` where it is not complete; then `.`, or `!`
    /// where no other may follow, after `^` where another protocol may; then what it was refused for.
    [[nodiscard]] std::string text() const { return text_ + (body_ ? "{" + *body_ + "…" : ""); }
    [[nodiscard]] const std::optional<ParseError>& error() const noexcept { return error_; }
    /// How many bytes were taken: where the next message, or what follows it, begins.
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    [[nodiscard]] Parser& parser() noexcept { return parser_; }

private:
    void end_body() {
        if (!body_ || !parser_.is_over()) return;
        text_ += "{" + *body_ + "}";
        body_.reset();
    }
    void end() {
        if (!parser_.trailers().empty()) text_ += "(" + text_of(parser_.trailers()) + ")";
        if (parser_.upgrade()) text_ += "^";
        text_ += parser_.keep_alive() ? "." : "!";
        stopped_ = !parser_.keep_alive();
        if constexpr (std::same_as<Parser, RequestParser>) {
            stopped_ |= parser_.upgrade() || parser_.head().method == Method::connect;
            if (!stopped_) parser_.start_next();
        } else if (!stopped_) {
            parser_.start_next(request_);
        }
    }
    void stop_at(const ParseError& error) {
        stopped_ = true;
        error_ = error;
        text_ = text() + " " + describe(error);
        body_.reset();
    }

    Method request_;
    Parser parser_;
    std::string text_;
    std::optional<std::string> body_;
    std::optional<ParseError> error_;
    std::size_t taken_ = 0;
    bool stopped_ = false;
};

}  // namespace weft::http::wire

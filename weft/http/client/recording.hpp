// SPDX-License-Identifier: Apache-2.0
// weft/http/client/recording.hpp - Recording: what servers have answered, to be answered again.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

/// Requests and the responses to them. A handle: copies are the same recording.
///
///     Recording recording;
///     ClientSession live({.middlewares = {recording.recorder()}});
///     co_await live.get(url).read();
///     co_await write_bytes("answers.jsonl", recording.to_json_lines());
///
///     const auto answers = Recording::from_json_lines(co_await read_bytes("answers.jsonl"));
///     ClientSession again({.middlewares = {answers.player()}});
///
/// A request gets the first response that was recorded to its method, URL and body, and was not played
/// before; the last of them again and again. Headers of requests are not kept, and of responses not
/// Set-Cookie: a recording has no secrets but those of URLs and bodies.
///
/// Limits: all of it is in memory; a body is as long as ClientResponse::read() allows.
class Recording {
public:
    Recording();

    /// Reads what to_json_lines() gives.
    /// Errors: ValueError   with the line that is wrong.
    [[nodiscard]] static Recording from_json_lines(std::string_view text);
    /// One JSON object a line; bodies in base64.
    [[nodiscard]] Bytes to_json_lines() const;
    [[nodiscard]] std::size_t size() const noexcept;

    /// Records what passes it: put it last. It reads all of a body before it hands it on. A request
    /// whose body is read while it is sent, and its response, pass unrecorded.
    [[nodiscard]] Middleware recorder() const;
    /// Answers in the place of servers: put it last.
    /// Errors, of requests: ClientConnectionError   there is no response to it.
    [[nodiscard]] Middleware player() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace weft::http

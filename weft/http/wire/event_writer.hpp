// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/event_writer.hpp - server-sent events into bytes.
#pragma once

#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/server_sent_event.hpp>

namespace weft::http::wire {

/// Appends an event, which EventParser reads back.
///
/// Errors: ValueError   `event` or `id` hold a line break, or `id` a null byte, so that they would
///                      become fields of their own; `event` is empty; `retry` is negative. `out` is
///                      as it was.
/// Cost:   linear; `data` is written line by line, each CR LF, CR and LF being a line break.
/// Spec:   WHATWG HTML §9.2.5. Fields in FastAPI's order: event, data, id, retry.
void write_event(Bytes& out, const ServerSentEvent& event);

/// Appends a comment, which no client sees: it keeps a connection alive.
void write_comment(Bytes& out, std::string_view text);

}  // namespace weft::http::wire

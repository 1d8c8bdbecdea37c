// SPDX-License-Identifier: Apache-2.0
// weft/http/server_sent_event.hpp - ServerSentEvent: one message of a text/event-stream.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace weft::http {

/// What a server tells in one event.
///
/// Spec: WHATWG HTML §9.2, the MessageEvent of an EventSource: `event` is its type, and `id` its
///       lastEventId.
struct ServerSentEvent {
    std::string data;  ///< lines with a line feed between
    std::string event = "message";
    /// To be told to the server again when the stream is opened anew. Of an event that was read:
    /// the one that was told last, nullopt before the first.
    std::optional<std::string> id;
    /// How long to wait before the stream is opened anew, where the event changes that.
    std::optional<std::chrono::milliseconds> retry;

    friend bool operator==(const ServerSentEvent&, const ServerSentEvent&) = default;
};

}  // namespace weft::http

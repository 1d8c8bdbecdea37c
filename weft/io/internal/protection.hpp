// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/protection.hpp - what a StreamTransport has when it is protected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/handle.hpp>

namespace weft::internal {

struct Protection {
    std::unique_ptr<SecurityLayer> layer;
    Nanoseconds shutdown_timeout;
    /// The layer's, which the transport is to end with.
    std::exception_ptr error = {};
    /// What came during the handshake. It waits for the transport's turn, since the handshake may
    /// call functions of the user's, which may do anything.
    Bytes received = {};
    bool socket_has_ended = false;
    /// Of what the protocol itself has answered, since all was sent.
    std::size_t answered_bytes = 0;
    bool released_text = false;  // what is outgoing has text in it that was held
    /// How much is sent once all is that there was when this side closed.
    std::uint64_t sent_when_closed = 0;
    /// Set when the handshake is over, and when the transport is lost.
    Event established;
    TimerHandle shutdown;
};

}  // namespace weft::internal

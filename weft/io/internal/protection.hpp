// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/protection.hpp - what a StreamTransport has when it is protected.
#pragma once

#include <exception>
#include <memory>

#include <weft/base/time.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/handle.hpp>

namespace weft::internal {

struct Protection {
    std::unique_ptr<SecurityLayer> layer;
    Nanoseconds shutdown_timeout;
    /// Set when the handshake is over, and when the transport is lost.
    Event established;
    /// The layer's, which the transport is to end with.
    std::exception_ptr error;
    TimerHandle shutdown;

    /// The socket brings no more. That is an error unless the peer has said so itself.
    void peer_is_gone() noexcept {
        try {
            layer->peer_is_gone();
        } catch (...) {
            error = std::current_exception();
        }
    }
};

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/handshake.hpp - a stream becomes protected.
#pragma once

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::internal {

/// Errors: ValueError when one is not above zero.
void check_handshake_options(Delay handshake_timeout, Delay shutdown_timeout);

/// Waits for the end of the handshake that StreamTransport::protect() has begun.
/// Errors: as StreamWriter::start_tls() has them; the connection is lost then
/// Cancel: closes the connection.
[[nodiscard]] Coro<void> handshake(Ref<StreamTransport> transport, Delay limit);

}  // namespace weft::internal

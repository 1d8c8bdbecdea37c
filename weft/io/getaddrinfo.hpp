// SPDX-License-Identifier: Apache-2.0
// weft/io/getaddrinfo.hpp - the addresses of a host name.
#pragma once

#include <string>
#include <vector>

#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

struct GetaddrinfoOptions {
    AddressFamily family = af_unspec;  ///< only addresses of this family
    bool passive = false;              ///< an empty host is every address, to listen at
};

/// Looks up the addresses of stream sockets at `host`, in the order in which they are to be tried.
///
/// The system's resolver does it, in a thread of the default executor; a numeric host needs none.
/// Returns:  never an empty list.
/// Errors:   GaiError    the name is not known, or nobody answers
///           ValueError  the port is not within 0 to 65535, or the host has a null character,
///                       where the resolver would end it
/// Cancel:   safe; the thread finishes by itself.
/// Suspends: maybe; never for a numeric host.
/// Spec:     loop.getaddrinfo(host, port, type=SOCK_STREAM).
[[nodiscard]] Coro<std::vector<SocketAddress>> getaddrinfo(std::string host, int port,
                                                           GetaddrinfoOptions options = {});

}  // namespace weft

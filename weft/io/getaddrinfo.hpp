// SPDX-License-Identifier: Apache-2.0
// weft/io/getaddrinfo.hpp - the addresses of a host name.
#pragma once

#include <string>
#include <vector>

#include <weft/io/resolver.hpp>  // IWYU pragma: export
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

/// Looks up the addresses of stream sockets at `host`, in the order in which they are to be tried.
///
/// A Resolver of the loop's does it. With WEFT_RESOLVER=system in the environment the system's
/// does, in a thread of the default executor: it knows what /etc/nsswitch.conf names beside files
/// and DNS, and keeps no answers.
/// Returns:  never an empty list.
/// Errors:   GaiError    the name is not known, or nobody answers
///           ValueError  the port is not within 0 to 65535; the host is not ASCII, or has a null
///                       character
/// Cancel:   safe; the question is still answered, for the next one who asks.
/// Suspends: maybe; never for a numeric host, or a name whose addresses are known.
/// Spec:     loop.getaddrinfo(host, port, type=SOCK_STREAM).
[[nodiscard]] Coro<std::vector<SocketAddress>> getaddrinfo(std::string host, int port,
                                                           GetaddrinfoOptions options = {});

}  // namespace weft

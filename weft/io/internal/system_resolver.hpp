// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/system_resolver.hpp - getaddrinfo(3), and the hosts that need nobody to know
// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::internal {

/// The addresses of a numeric host, or of an empty one; nothing for a name.
/// Errors: GaiError for a numeric host of another family
[[nodiscard]] std::optional<std::vector<SocketAddress>> without_question(
    const std::string& host, int port, const GetaddrinfoOptions& options);

/// Whether the environment says so: WEFT_RESOLVER=system.
/// Errors: ValueError when it says anything else but "dns".
[[nodiscard]] bool asks_the_system();

/// Calls it in a thread of the default executor.
/// Errors, Cancel: as weft::getaddrinfo(); the thread finishes by itself
[[nodiscard]] Coro<std::vector<SocketAddress>> ask_the_system(std::string host, int port,
                                                              GetaddrinfoOptions options);

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/getaddrinfo.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft {
namespace {

// For a thread that may wait.
std::vector<SocketAddress> look_up(const std::string& host, int port, GetaddrinfoOptions options) {
    addrinfo hints{};
    hints.ai_family = static_cast<int>(options.family);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (options.passive ? AI_PASSIVE : 0);
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                     std::to_string(port).c_str(), &hints, &found);
    if (failed != 0) {
        const std::string why =
            failed == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(failed);
        throw GaiError(failed, why + ": '" + host + "'");
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
    std::vector<SocketAddress> addresses;
    for (const addrinfo* at = found; at; at = at->ai_next) {
        const auto* bytes = reinterpret_cast<const std::byte*>(at->ai_addr);
        const SocketAddress address = SocketAddress::from_bytes({bytes, at->ai_addrlen});
        if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
    return addresses;
}

std::optional<SocketAddress> numeric(const std::string& host, int port) {
    if (host.empty()) return std::nullopt;
    try {
        return SocketAddress(host, port);
    } catch (const ValueError&) {
        return std::nullopt;
    }
}

}  // namespace

Coro<std::vector<SocketAddress>> getaddrinfo(std::string host, int port,
                                             GetaddrinfoOptions options) {
    if (port < 0 || port > 65535) {
        throw ValueError("port must be 0-65535, not " + std::to_string(port));
    }
    if (host.find('\0') != std::string::npos) {
        throw ValueError("embedded null character in the host '" + host + "'");
    }
    if (const auto address = numeric(host, port)) {
        if (options.family == af_unspec || options.family == address->family()) {
            co_return std::vector<SocketAddress>{*address};
        }
    }
    co_return co_await to_thread(look_up, host, port, options);
}

}  // namespace weft

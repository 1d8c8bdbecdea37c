// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/system_resolver.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/free_with.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft::internal {
namespace {

[[noreturn]] void throw_error(int code, const std::string& host) {
    const std::string why =
        code == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(code);
    throw GaiError(code, why + ": '" + host + "'");
}

// For a thread that may wait.
std::vector<SocketAddress> look_up(const std::string& host, int port, GetaddrinfoOptions options,
                                   int more_flags = 0) {
    addrinfo hints{};
    hints.ai_family = static_cast<int>(options.family);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (options.passive ? AI_PASSIVE : 0) | more_flags;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                     std::to_string(port).c_str(), &hints, &found);
    if (failed != 0) throw_error(failed, host);
    const std::unique_ptr<addrinfo, FreeWith<freeaddrinfo>> owned(found);
    std::vector<SocketAddress> addresses;
    for (const addrinfo* at = found; at; at = at->ai_next) {
        const auto* bytes = reinterpret_cast<const std::byte*>(at->ai_addr);
        const SocketAddress address = SocketAddress::from_bytes({bytes, at->ai_addrlen});
        if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
    return addresses;
}

}  // namespace

std::optional<std::vector<SocketAddress>> without_question(const std::string& host, int port,
                                                           const GetaddrinfoOptions& options) {
    if (host.empty()) return look_up(host, port, options);  // it asks nobody
    // The system knows more forms than one: "127.1" and "0x7f000001" are numeric, too.
    const bool may_be_numeric = std::isdigit(static_cast<unsigned char>(host.front())) != 0 ||
                                host.find(':') != std::string::npos;
    if (!may_be_numeric) return std::nullopt;
    try {
        return look_up(host, port, options, AI_NUMERICHOST);
    } catch (const GaiError& error) {
        if (error.code() != EAI_NONAME || host.find(':') != std::string::npos) throw;
        return std::nullopt;  // a name that begins with a digit
    }
}

bool asks_the_system() {
    const char* const resolver = ::secure_getenv("WEFT_RESOLVER");
    if (!resolver || std::string_view(resolver) == "dns") return false;
    if (std::string_view(resolver) == "system") return true;
    throw ValueError("WEFT_RESOLVER is '" + std::string(resolver) + "', not one of: dns, system");
}

Coro<std::vector<SocketAddress>> ask_the_system(std::string host, int port,
                                                GetaddrinfoOptions options) {
    if (auto known = without_question(host, port, options)) co_return std::move(*known);
    const auto in_thread = [](const std::string& name, int number, GetaddrinfoOptions wanted) {
        return look_up(name, number, wanted);
    };
    co_return co_await to_thread(in_thread, host, port, options);
}

}  // namespace weft::internal

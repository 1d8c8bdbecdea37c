// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/happy_eyeballs.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/time.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/staggered_race.hpp>

namespace weft::internal {
namespace {

Coro<Connected> connect_to(SocketAddress address, std::optional<SocketAddress> local_addr) {
    Socket socket(address.family());
    socket.setblocking(false);
    if (local_addr) socket.bind(*local_addr);
    co_await sock_connect(socket, address);
    co_return Connected{.socket = std::move(socket), .peer = address};
}

bool names_a_port(const SocketAddress& address) {
    return (address.family() == af_inet || address.family() == af_inet6) && address.port() != 0;
}

int code_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& e) {
        return e.code();
    } catch (...) {
        return 0;
    }
}

// All attempts have failed.
[[noreturn]] void throw_attempts(std::vector<std::exception_ptr> errors) {
    if (errors.empty()) throw OSError("getaddrinfo() returned empty list");
    std::string text = "Multiple exceptions: ";
    int code = code_of(errors.front());
    for (const std::exception_ptr& error : errors) {
        if (error != errors.front()) text += ", ";
        text += message(error);
        if (code_of(error) != code) code = 0;
    }
    const auto cause =
        std::make_exception_ptr(ExceptionGroup("all attempts to connect failed", errors));
    try {
        if (code == 0) throw OSError(text);
        throw_os_error_saying(code, text);
    } catch (OSError& error) {
        error.set_cause(cause);
        throw;
    }
}

}  // namespace

std::vector<SocketAddress> interleaved(const std::vector<SocketAddress>& addresses,
                                       std::size_t first_family_count) {
    if (first_family_count == 0 || addresses.empty()) return addresses;
    std::vector<std::vector<SocketAddress>> families;
    for (const SocketAddress& address : addresses) {
        const auto same = std::ranges::find_if(families, [&](const auto& family) {
            return family.front().family() == address.family();
        });
        if (same != families.end()) {
            same->push_back(address);
        } else {
            families.push_back({address});
        }
    }
    std::vector<SocketAddress> all;
    std::vector<std::size_t> taken(families.size(), 0);
    const auto take_one = [&](std::size_t family) {
        if (taken[family] < families[family].size()) {
            all.push_back(families[family][taken[family]++]);
        }
    };
    const std::size_t before_the_turns = std::min(first_family_count - 1, families[0].size());
    for (std::size_t i = 0; i < before_the_turns; ++i) take_one(0);
    while (all.size() < addresses.size()) {
        for (std::size_t family = 0; family < families.size(); ++family) take_one(family);
    }
    return all;
}

Coro<Connected> connect_to_one(std::vector<SocketAddress> addresses,
                               std::optional<SocketAddress> local_addr,
                               std::optional<Delay> delay) {
    if (addresses.size() == 1) co_return co_await connect_to(addresses.front(), local_addr);
    // Of two sockets at the same time, only one can have a certain port.
    if (local_addr && names_a_port(*local_addr)) delay.reset();
    std::vector<CoroFunction<Coro<Connected>()>> attempts;
    for (const SocketAddress& address : addresses) {
        attempts.push_back([&address, &local_addr]() -> Coro<Connected> {
            co_return co_await connect_to(address, local_addr);
        });
    }
    StaggeredRaceResult<Connected> race = co_await staggered_race(std::move(attempts), delay);
    if (race.winner_result) co_return std::move(*race.winner_result);
    throw_attempts(std::move(race.exceptions));
}

}  // namespace weft::internal

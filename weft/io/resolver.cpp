// SPDX-License-Identifier: Apache-2.0
#include <weft/io/resolver.hpp>

#include <string>
#include <utility>
#include <vector>

#include <weft/base/ref.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/internal/name_cache.hpp>
#include <weft/io/internal/resolver_state.hpp>
#include <weft/io/internal/system_resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

using internal::ResolverState;

Coro<std::vector<SocketAddress>> look_up(Ref<ResolverState> state, std::string host, int port,
                                         GetaddrinfoOptions options) {
    internal::check_name(host, port);
    if (auto known = internal::without_question(host, port, options)) co_return std::move(*known);
    internal::NameQuestion question{.host = std::move(host), .family = options.family};
    if (auto known = state->named_in_options(question, port)) co_return std::move(*known);
    co_return co_await ResolverState::look_up(std::move(state), std::move(question), port);
}

}  // namespace

Resolver::Resolver(ResolverOptions options) : state_(new ResolverState(std::move(options))) {}
Resolver::Resolver(const Resolver&) noexcept = default;
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
Resolver::~Resolver() = default;

Coro<std::vector<SocketAddress>> Resolver::getaddrinfo(std::string host, int port,
                                                       GetaddrinfoOptions options) const {
    return look_up(state_, std::move(host), port, options);
}
void Resolver::clear_cache() const noexcept { state_->clear_cache(); }

Coro<std::vector<SocketAddress>> getaddrinfo(std::string host, int port,
                                             GetaddrinfoOptions options) {
    // A virtual clock stands still while a thread works, and not for a nameserver.
    if (internal::asks_the_system() || !get_running_loop().system().is_real_time()) {
        internal::check_name(host, port);
        co_return co_await internal::ask_the_system(std::move(host), port, options);
    }
    co_return co_await look_up(ResolverState::of_running_loop(), std::move(host), port, options);
}

}  // namespace weft

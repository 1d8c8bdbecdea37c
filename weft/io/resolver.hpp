// SPDX-License-Identifier: Apache-2.0
// weft/io/resolver.hpp - Resolver: the addresses of host names, asked for without a thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

namespace internal {
class ResolverState;
}

struct GetaddrinfoOptions {
    AddressFamily family = af_unspec;  ///< only addresses of this family
    bool passive = false;              ///< an empty host is every address, to listen at
};

struct ResolverOptions {
    /// Whom to ask, one after the other; none: those of /etc/resolv.conf.
    std::vector<SocketAddress> nameservers = {};
    /// How long one may take to answer; twice as long in each further round. (Not what resolv.conf
    /// says, whose usual 5 s are long for a program that has something else to try.)
    Delay timeout = std::chrono::seconds(2);
    int attempts = 3;  ///< rounds through all of them
    /// An answer is kept for as long as it says, but no longer; zero: not at all.
    Delay cache_time_max = std::chrono::hours(1);
    std::size_t cache_names_max = 1000;  ///< beyond, the name that was longest unused goes
    /// What is known without a question, whatever the port: the addresses of names. With it a service is
    /// reached by its own name where nameservers do not send one. Spec: curl's `--resolve`.
    std::map<std::string, std::vector<SocketAddress>, std::less<>> hosts = {};
};

/// Looks names up in `hosts`, in /etc/hosts and with DNS, both A and AAAA. Addresses come sorted as RFC 6724 has
/// it: those first that this machine can reach best.
///
/// The nameservers, the search list and ndots are those of /etc/resolv.conf, the order of files and
/// DNS that of /etc/nsswitch.conf; what else these say counts only for WEFT_RESOLVER=system. A
/// changed resolv.conf counts from the next question on, and what was learnt is forgotten.
///
/// Tasks that ask for one name at the same time share one question. An answer is kept for as long
/// as its addresses and the names on the way to them say; one with addresses of one family only for
/// a minute at most, since the other one may have failed. Answers without an address are not kept,
/// nor those from /etc/hosts, which is read each time.
///
/// A handle: copies are the same resolver, and share what it has learnt. It belongs to the first
/// loop that uses it, until that is closed.
/// Limits: ResolverOptions. With one nameserver that is silent, a name takes 14 s to fail.
class Resolver {
public:
    /// Errors: ValueError for a timeout or a number of attempts that is not above zero, and for a
    ///         nameserver without an address of IPv4 or IPv6, or with a scope.
    explicit Resolver(ResolverOptions options = {});
    Resolver(const Resolver&) noexcept;
    Resolver(Resolver&&) noexcept;
    Resolver& operator=(Resolver) noexcept;
    ~Resolver();

    /// The addresses at which `host` has a service at `port`.
    /// Returns, Cancel, Suspends: as weft::getaddrinfo(); a name that is known never waits.
    /// Errors: as weft::getaddrinfo(); OSError where c-ares cannot begin; RuntimeError in another
    ///         loop than its own, and on a virtual clock.
    [[nodiscard, clang::coro_wrapper,
      clang::coro_disable_lifetimebound]] Coro<std::vector<SocketAddress>>
    getaddrinfo(std::string host, int port, GetaddrinfoOptions options = {}) const;

    /// Forgets what it has learnt.
    void clear_cache() const noexcept;

private:
    Ref<internal::ResolverState> state_;
};

}  // namespace weft

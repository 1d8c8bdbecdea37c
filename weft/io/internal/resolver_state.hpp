// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/resolver_state.hpp - what the handles of a Resolver share: who is asked, what is
// known, and the questions that are under way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/dns_channel.hpp>
#include <weft/io/internal/name_cache.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/loop_resource.hpp>

namespace weft::internal {

class ResolverState final : private LoopResource {
public:
    explicit ResolverState(ResolverOptions options);
    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    /// Errors, Cancel, Suspends: as weft::getaddrinfo()
    [[nodiscard]] static Coro<std::vector<SocketAddress>> look_up(Ref<ResolverState> self,
                                                                  NameQuestion question, int port);
    void clear_cache() noexcept { cache_.clear(); }
    /// What `ResolverOptions::hosts` says; nothing where it does not have the name.
    /// Errors: GaiError   it has no address of the family.
    [[nodiscard]] std::optional<std::vector<SocketAddress>> named_in_options(
        const NameQuestion& question, int port) const;

    /// That of the running loop, with the default options; it goes with the loop.
    [[nodiscard]] static Ref<ResolverState> of_running_loop();

private:
    // A question that is under way; those who wait for the answer own it, too.
    struct Lookup {
        Event answered;
        DnsAnswer answer;
    };

    ~ResolverState() = default;
    void bind(EventLoop& loop);
    [[nodiscard]] DnsChannel& channel();
    [[nodiscard]] std::shared_ptr<Lookup> lookup_of(const NameQuestion& question);
    void take(const NameQuestion& question, Lookup& lookup, DnsAnswer answer) noexcept;
    [[nodiscard]] Nanoseconds time_to_keep(const NameQuestion& question,
                                           const DnsAnswer& answer) const;
    void loop_closes() noexcept override;

    ResolverOptions options_;
    NameCache cache_;
    std::map<NameQuestion, std::shared_ptr<Lookup>> under_way_;
    EventLoop* loop_ = nullptr;
    // The last one is asked. Those before know another resolv.conf, and have questions open.
    std::vector<std::unique_ptr<DnsChannel>> channels_;
    std::string settings_;  // what tells a resolv.conf from the one that the last has read
    std::uint32_t owners_ = 0;
    bool is_of_loop_ = false;  // and not only of those who hold it
};

/// Errors: ValueError   the port is not within 0 to 65535, the host is none that can be asked for
void check_name(const std::string& host, int port);

}  // namespace weft::internal

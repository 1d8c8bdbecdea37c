// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/resolver_state.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <netdb.h>
#include <sys/stat.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/internal/dns_channel.hpp>
#include <weft/io/internal/name_cache.hpp>
#include <weft/io/internal/null_free.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::internal {
namespace {

// The resolvers of the loops. Each is used by the thread that runs its loop; the list by all. Never
// destroyed: a loop may close after what is static.
struct OfLoops {
    std::mutex mutex;
    std::unordered_map<const EventLoop*, Ref<ResolverState>> all;
};
OfLoops& of_loops() {
    static auto& one = *new OfLoops;
    return one;
}

// Where only one family has an address, the other one may have failed: that is soon forgotten.
constexpr auto half_answer_time_max = std::chrono::seconds(60);

// Changes when the file does.
std::string state_of_settings() {
    struct stat found{};
    if (::stat("/etc/resolv.conf", &found) != 0) return "";
    return std::to_string(found.st_ino) + " " + std::to_string(found.st_size) + " " +
           std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec);
}

// Names are the same in capital letters, and with a dot at the end.
std::string canonical_name(std::string host) {
    if (host.ends_with('.')) host.pop_back();
    for (char& c : host) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return host;
}

}  // namespace

void check_name(const std::string& host, int port) {
    if (port < 0 || port > 65535) {
        throw ValueError("port must be 0-65535, not " + std::to_string(port));
    }
    check_null_free(host, "host");
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::ranges::all_of(host, is_ascii)) {
        throw ValueError("the host '" + host +
                         "' is not ASCII; write an international name as xn--…");
    }
}

ResolverState::ResolverState(ResolverOptions options)
    : options_(std::move(options)), cache_(options_.cache_names_max) {
    if (options_.timeout.get() <= Nanoseconds::zero() || options_.attempts <= 0) {
        throw ValueError("a Resolver needs a timeout and a number of attempts above zero");
    }
    for (const SocketAddress& nameserver : options_.nameservers) {
        const AddressFamily family = nameserver.family();
        if ((family != af_inet && family != af_inet6) || nameserver.scope_id() != 0) {
            throw ValueError("a nameserver has an address of IPv4 or IPv6 without a scope, not " +
                             nameserver.to_string());
        }
    }
    std::map<std::string, std::vector<SocketAddress>, std::less<>> hosts;
    for (auto& [host, addresses] : options_.hosts) hosts[canonical_name(host)] = addresses;
    options_.hosts = std::move(hosts);
}

std::optional<std::vector<SocketAddress>> ResolverState::named_in_options(
    const NameQuestion& question, int port) const {
    const auto found = options_.hosts.find(canonical_name(question.host));
    if (found == options_.hosts.end()) return std::nullopt;
    std::vector<SocketAddress> addresses;
    for (const SocketAddress& one : found->second) {
        const bool is_wanted = question.family == af_unspec || question.family == one.family();
        if (is_wanted) addresses.push_back(one.with_port(port));
    }
    if (addresses.empty()) {
        throw GaiError(EAI_NODATA, "No address associated with hostname: '" + question.host + "'");
    }
    return addresses;
}

Ref<ResolverState> ResolverState::of_running_loop() {
    EventLoop& loop = get_running_loop();
    OfLoops& loops = of_loops();
    const std::scoped_lock lock(loops.mutex);
    Ref<ResolverState>& found = loops.all[&loop];
    if (!found) {
        found = Ref<ResolverState>(new ResolverState({}));
        found->bind(loop);
        found->is_of_loop_ = true;
    }
    return found;
}

void ResolverState::bind(EventLoop& loop) {
    if (loop_ == &loop) return;
    if (loop_) throw RuntimeError("Resolver is bound to a different event loop");
    loop_ = &loop;
    loop.resources().push_back(*this);
}

// The loop has closed its sockets and timers by itself. Another one may begin anew, whose clock may
// be another, too.
void ResolverState::loop_closes() noexcept {
    const Ref self(this);
    ListNode::unlink();
    for (const auto& channel : channels_) channel->loop_closes();
    channels_.clear();
    cache_.clear();
    const EventLoop* const closed = std::exchange(loop_, nullptr);
    if (!std::exchange(is_of_loop_, false)) return;
    OfLoops& loops = of_loops();
    const std::scoped_lock lock(loops.mutex);
    loops.all.erase(closed);
}

// One that knows the nameservers of the present, and what they say.
DnsChannel& ResolverState::channel() {
    std::string settings = options_.nameservers.empty() ? state_of_settings() : "";
    if (channels_.empty() || settings != settings_) {
        channels_.push_back(std::make_unique<DnsChannel>(*loop_, options_));
        settings_ = std::move(settings);
        cache_.clear();
    }
    std::erase_if(channels_, [&](const auto& channel) {
        return channel != channels_.back() && !channel->is_asking();
    });
    return *channels_.back();
}

std::shared_ptr<ResolverState::Lookup> ResolverState::lookup_of(const NameQuestion& question) {
    if (const auto found = under_way_.find(question); found != under_way_.end()) {
        return found->second;
    }
    DnsChannel& asked = channel();
    auto lookup = std::make_shared<Lookup>();
    under_way_.emplace(question, lookup);
    try {
        asked.ask(question.host, question.family, [this, question, lookup](DnsAnswer answer) {
            take(question, *lookup, std::move(answer));
        });
    } catch (...) {
        under_way_.erase(question);
        throw;
    }
    return lookup;
}

Nanoseconds ResolverState::time_to_keep(const NameQuestion& question,
                                        const DnsAnswer& answer) const {
    if (answer.code != 0) return Nanoseconds::zero();
    const Nanoseconds kept =
        std::min<Nanoseconds>(answer.time_to_live, options_.cache_time_max.get());
    const AddressFamily first = answer.addresses.front().family();
    const bool has_both = std::ranges::any_of(
        answer.addresses, [=](const SocketAddress& address) { return address.family() != first; });
    if (question.family != af_unspec || has_both) return kept;
    return answer.is_whole ? std::min<Nanoseconds>(kept, half_answer_time_max)
                           : Nanoseconds::zero();
}

void ResolverState::take(const NameQuestion& question, Lookup& lookup, DnsAnswer answer) noexcept {
    try {
        const Nanoseconds kept = time_to_keep(question, answer);
        if (kept > Nanoseconds::zero()) {
            cache_.put(question, answer.addresses, loop_->time() + kept);
        }
    } catch (const std::bad_alloc&) {  // the next one asks again
    }
    lookup.answer = std::move(answer);
    lookup.answered.set();
    under_way_.erase(question);
}

Coro<std::vector<SocketAddress>> ResolverState::look_up(Ref<ResolverState> self,
                                                        NameQuestion question, int port) {
    self->bind(get_running_loop());
    if (!self->loop_->system().is_real_time()) {
        throw RuntimeError("a Resolver cannot wait for nameservers on a virtual clock");
    }
    std::vector<SocketAddress> addresses;
    if (const auto* known = self->cache_.find(question, self->loop_->time())) {
        addresses = *known;
    } else {
        const auto lookup = self->lookup_of(question);
        co_await lookup->answered.wait();
        const DnsAnswer& answer = lookup->answer;
        if (answer.code != 0) {
            throw GaiError(answer.code, answer.error + ": '" + question.host + "'");
        }
        addresses = answer.addresses;
    }
    for (SocketAddress& address : addresses) address = address.with_port(port);
    co_return addresses;
}

}  // namespace weft::internal

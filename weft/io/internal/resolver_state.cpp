// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/resolver_state.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <string>
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
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::internal {
namespace {

// A loop seldom shares its thread with another one.
thread_local std::vector<std::pair<const EventLoop*, Ref<ResolverState>>> of_this_thread;

// Changes when the file does.
std::string state_of_settings() {
    struct stat found{};
    if (::stat("/etc/resolv.conf", &found) != 0) return "";
    return std::to_string(found.st_ino) + " " + std::to_string(found.st_size) + " " +
           std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec);
}

}  // namespace

void check_name(const std::string& host, int port) {
    if (port < 0 || port > 65535) {
        throw ValueError("port must be 0-65535, not " + std::to_string(port));
    }
    if (host.find('\0') != std::string::npos) {
        throw ValueError("embedded null character in the host '" + host + "'");
    }
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
}

Ref<ResolverState> ResolverState::of_running_loop() {
    EventLoop& loop = get_running_loop();
    for (const auto& [of, state] : of_this_thread) {
        if (of == &loop) return state;
    }
    Ref<ResolverState> made(new ResolverState({}));
    made->bind(loop);
    of_this_thread.emplace_back(&loop, made);
    return made;
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
    if (channel_) channel_->loop_closes();
    channel_.reset();
    cache_.clear();
    const EventLoop* const closed = std::exchange(loop_, nullptr);
    std::erase_if(of_this_thread, [&](const auto& entry) { return entry.first == closed; });
}

// One that knows the nameservers of the present.
DnsChannel& ResolverState::channel() {
    if (channel_ && channel_->is_asking()) return *channel_;
    std::string settings = options_.nameservers.empty() ? state_of_settings() : "";
    if (!channel_ || settings != settings_) {
        channel_.emplace(*loop_, options_);
        settings_ = std::move(settings);
    }
    return *channel_;
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

void ResolverState::take(const NameQuestion& question, Lookup& lookup, DnsAnswer answer) noexcept {
    const Nanoseconds kept =
        std::min<Nanoseconds>(answer.time_to_live, options_.cache_time_max.get());
    try {
        if (answer.code == 0 && kept > Nanoseconds::zero()) {
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

// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/dns_channel.hpp - c-ares on a loop: it says which sockets and which time to wait
// for, and the loop calls it then.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>

struct ares_addrinfo;     // NOLINT(readability-identifier-naming): c-ares' names
struct ares_channeldata;  // NOLINT(readability-identifier-naming)

namespace weft::internal {

struct DnsAnswer {
    std::vector<SocketAddress> addresses;  // with port 0; none after an error
    std::chrono::seconds time_to_live{0};
    bool is_whole = true;  // all that was asked for was answered at the first attempt
    int code = 0;          // one of getaddrinfo()'s, EAI_…
    std::string error;     // what went wrong
};

class DnsChannel {
public:
    /// Errors: OSError when c-ares cannot begin
    DnsChannel(EventLoop& loop, const ResolverOptions& options);
    DnsChannel(const DnsChannel&) = delete;
    DnsChannel& operator=(const DnsChannel&) = delete;
    /// Questions that are open are answered with an error.
    ~DnsChannel();

    /// Called once, from ask() itself or later; not after the channel's end but for that.
    using Answered = std::function<void(DnsAnswer)>;
    void ask(const std::string& host, AddressFamily family, Answered answered);
    [[nodiscard]] bool is_asking() const noexcept { return asking_ > 0; }
    /// The loop closes: its sockets and timers are gone already.
    void loop_closes() noexcept { loop_is_closed_ = true; }

private:
    struct Question;
    static void on_answer(void* question, int status, int timeouts, ares_addrinfo* found) noexcept;
    static void on_socket(void* self, int fd, int readable, int writable) noexcept;
    void process(int readable, int writable);
    void look_at_the_time();

    EventLoop& loop_;
    struct Destroy {
        void operator()(ares_channeldata* channel) const noexcept;
    };
    std::unique_ptr<ares_channeldata, Destroy> channel_;
    Nanoseconds tick_;
    TimerHandle timer_;
    bool timer_is_set_ = false;
    int asking_ = 0;
    bool loop_is_closed_ = false;
};

}  // namespace weft::internal

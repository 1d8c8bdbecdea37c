// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/time_limits.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::http::internal {
namespace {

// "5 s", "0.25 s"
std::string seconds_of(Delay delay) {
    const double seconds = std::chrono::duration<double>(delay.get()).count();
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), seconds).ptr;
    return std::string(text.data(), end) + " s";
}

}  // namespace

std::exception_ptr TimeLimit::error() const {
    const std::string limit = std::string(name) + ", " + seconds_of(*delay);
    if (name == std::string_view("total")) {
        return std::make_exception_ptr(
            ServerTimeoutError("the request took longer than its limit " + limit));
    }
    if (name == std::string_view("sock_read")) {
        return std::make_exception_ptr(
            SocketTimeoutError("nothing came from the server within the limit " + limit));
    }
    return std::make_exception_ptr(
        ConnectionTimeoutError("no connection to the server within the limit " + limit));
}

const TimeLimit& sooner(const TimeLimit& a, const TimeLimit& b) noexcept {
    if (!a.delay) return b;
    if (!b.delay) return a;
    return b.end() < a.end() ? b : a;
}

ExchangeLimits::ExchangeLimits(Connection& connection, const ClientTimeout& timeout,
                               TimePoint started)
    : loop_(get_running_loop()),
      connection_(connection),
      total_("total", timeout.total, started),
      sock_read_("sock_read", timeout.sock_read, started) {
    if (total_.delay) total_timer_ = loop_.call_at(total_.end(), [this] { pass(total_); });
}

void ExchangeLimits::stop() noexcept {
    total_timer_.cancel();
    read_timer_.cancel();
}

void ExchangeLimits::begin_wait() {
    if (!sock_read_.delay) return;
    waits_ = true;
    sock_read_.start = loop_.time();
    if (!std::exchange(read_timer_runs_, true)) {
        read_timer_ = loop_.call_at(sock_read_.end(), [this] { check_read(); });
    }
}

// One timer for all waits, which come faster than it: it looks whether the present one is too long.
void ExchangeLimits::check_read() {
    read_timer_runs_ = false;
    if (!waits_) return;
    if (sock_read_.end() <= loop_.time()) return pass(sock_read_);
    read_timer_runs_ = true;
    read_timer_ = loop_.call_at(sock_read_.end(), [this] { check_read(); });
}

void ExchangeLimits::pass(const TimeLimit& limit) noexcept {
    if (!passed_) passed_ = &limit;
    connection_.abort();
}

}  // namespace weft::http::internal

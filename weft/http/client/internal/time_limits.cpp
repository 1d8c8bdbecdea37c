// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/time_limits.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/upload.hpp>
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
    const std::string_view which = name;
    const std::string limit = std::string(which) + ", " + seconds_of(*delay);
    if (which == "total") {
        return std::make_exception_ptr(
            ServerTimeoutError("the request took longer than its limit " + limit));
    }
    if (which == "sock_read") {
        return std::make_exception_ptr(
            SocketTimeoutError("nothing came from the server within the limit " + limit));
    }
    if (which == "sock_write") {
        return std::make_exception_ptr(
            SocketTimeoutError("the server took nothing within the limit " + limit));
    }
    return std::make_exception_ptr(
        ConnectionTimeoutError("no connection to the server within the limit " + limit));
}

const TimeLimit& sooner(const TimeLimit& a, const TimeLimit& b) noexcept {
    if (!a.delay) return b;
    if (!b.delay) return a;
    return b.end() < a.end() ? b : a;
}

ExchangeLimits::ExchangeLimits(Limited& limited, const ClientTimeout& timeout, TimePoint started)
    : loop_(get_running_loop()),
      limited_(limited),
      total_("total", timeout.total, started),
      sock_read_("sock_read", timeout.sock_read, started),
      low_speed_("low_speed", std::nullopt, started),
      low_speed_bytes_min_(timeout.low_speed ? timeout.low_speed->bytes : 0) {
    if (timeout.low_speed) low_speed_.delay = timeout.low_speed->window;
    if (total_.delay) total_timer_ = loop_.call_at(total_.end(), [this] { pass(total_); });
}

void ExchangeLimits::stop() noexcept {
    total_timer_.cancel();
    read_timer_.cancel();
    speed_timer_.cancel();
}

void ExchangeLimits::begin_wait(const Upload* upload) {
    if (!sock_read_.delay && !low_speed_.delay) return;
    waits_ = true;
    upload_ = upload;
    wait_start_ = speed_start_ = loop_.time();
    if (sock_read_.delay && !std::exchange(read_timer_runs_, true)) {
        sock_read_.start = wait_start_;
        read_timer_ = loop_.call_at(sock_read_.end(), [this] { check_read(); });
    }
    if (low_speed_.delay && is_body_ && !speed_timer_runs_) watch_speed();
}

void ExchangeLimits::end_wait() noexcept {
    if (!std::exchange(waits_, false) || !low_speed_.delay) return;
    if (is_body_) low_speed_waited_ += loop_.time() - speed_start_;
}

// One timer for all waits, which come faster than it: it looks whether the present one is too long.
void ExchangeLimits::check_read() {
    read_timer_runs_ = false;
    if (!waits_) return;
    sock_read_.start = wait_start_;
    if (upload_) sock_read_.start = std::max(wait_start_, upload_->sent_at());
    if (sock_read_.end() <= loop_.time()) return pass(sock_read_);
    read_timer_runs_ = true;
    read_timer_ = loop_.call_at(sock_read_.end(), [this] { check_read(); });
}

// Each stretch is as long as its waits are together: who does not wait for the server has no right
// to complain of it. The timer looks when the stretch can be over at the earliest.
void ExchangeLimits::watch_speed() {
    speed_timer_runs_ = true;
    const Nanoseconds left = low_speed_.delay->get() - low_speed_waited_;
    speed_timer_ = loop_.call_at(Delay(left).after(loop_.time()), [this] { check_speed(); });
}

void ExchangeLimits::check_speed() {
    speed_timer_runs_ = false;
    if (!waits_) return;
    low_speed_waited_ += loop_.time() - std::exchange(speed_start_, loop_.time());
    if (low_speed_waited_ >= low_speed_.delay->get()) {
        if (low_speed_bytes_ < low_speed_bytes_min_) return pass(low_speed_);
        low_speed_bytes_ = 0;
        low_speed_waited_ = Nanoseconds::zero();
    }
    watch_speed();
}

std::exception_ptr ExchangeLimits::error() const {
    if (!passed_) return nullptr;
    if (passed_ != &low_speed_) return passed_->error();
    return std::make_exception_ptr(SocketTimeoutError(
        "the server sent less than the limit low_speed asks for, " +
        std::to_string(low_speed_bytes_min_) + " bytes in " + seconds_of(*low_speed_.delay)));
}

void ExchangeLimits::pass(const TimeLimit& limit) noexcept {
    if (!passed_) passed_ = &limit;
    limited_.end_by_limit();
}

}  // namespace weft::http::internal

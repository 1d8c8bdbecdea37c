// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/time_limits.hpp - the limits of ClientTimeout, at work.
//
// Before there is a connection, a limit cancels what makes one (within()). Afterwards it ends the
// connection under whoever waits for it, which they would have to notice anyway: it costs a timer,
// and no error that could be lost or come twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::http::internal {

class Upload;

/// One limit of a ClientTimeout.
struct TimeLimit {
    const char* name;            // as the field is called
    std::optional<Delay> delay;  // nullopt: there is none
    TimePoint start;

    [[nodiscard]] TimePoint end() const noexcept { return delay->after(start); }
    /// The error when it has passed.
    [[nodiscard]] std::exception_ptr error() const;
};
/// The one of both that ends first.
[[nodiscard]] const TimeLimit& sooner(const TimeLimit& a, const TimeLimit& b) noexcept;

/// Errors: those of `body`; that of the limit when it passed before.
template <class T>
Coro<T> within(TimeLimit limit, Coro<T> body) {
    co_await transparent;
    if (!limit.delay) co_return co_await std::move(body);
    Timeout scope = Timeout::at(limit.end());
    const auto run = [&]() -> Coro<T> {
        co_await transparent;
        co_return co_await std::move(body);
    };
    auto result = co_await as_result(with_async(scope, run));
    if (!result) {
        const bool has_passed = scope.expired() && holds<TimeoutError>(result.error());
        std::rethrow_exception(has_passed ? limit.error() : result.error());
    }
    if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

/// What a limit ends.
class Limited {
public:
    /// Whoever waits is woken, and asks for the error of the limit.
    virtual void end_by_limit() noexcept = 0;

protected:
    ~Limited() = default;
};

/// The limits of an exchange, from the moment that it has its connection.
class ExchangeLimits {
public:
    ExchangeLimits(Limited& limited, const ClientTimeout& timeout, TimePoint started);
    ExchangeLimits(const ExchangeLimits&) = delete;
    ExchangeLimits& operator=(const ExchangeLimits&) = delete;
    ~ExchangeLimits() { stop(); }

    /// Somebody waits for the server from here on, or no longer. While `upload`, where there is one,
    /// goes on, it need not say anything.
    void begin_wait(const Upload* upload);
    void end_wait() noexcept;
    /// So much of the body has come.
    void count(std::size_t bytes) noexcept { low_speed_bytes_ += bytes; }
    /// From here on the body is awaited.
    void begin_body() noexcept { is_body_ = true; }
    /// The connection is not to be ended any more.
    void stop() noexcept;

    /// The error of the limit that has passed; null for none.
    [[nodiscard]] std::exception_ptr error() const;
    [[nodiscard]] bool has_passed() const noexcept { return passed_ != nullptr; }

private:
    void check_read();
    void watch_speed();
    void check_speed();
    void pass(const TimeLimit& limit) noexcept;

    EventLoop& loop_;
    Limited& limited_;
    TimeLimit total_;
    TimeLimit sock_read_;
    TimeLimit low_speed_;
    std::size_t low_speed_bytes_min_;
    std::size_t low_speed_bytes_ = 0;  // in the present stretch
    Nanoseconds low_speed_waited_{0};  // in the present stretch, before the present wait
    const TimeLimit* passed_ = nullptr;
    const Upload* upload_ = nullptr;
    TimePoint wait_start_;
    TimePoint speed_start_;  // from when on the present wait counts
    bool waits_ = false;
    bool is_body_ = false;
    bool read_timer_runs_ = false;
    bool speed_timer_runs_ = false;
    TimerHandle total_timer_;
    TimerHandle read_timer_;
    TimerHandle speed_timer_;
};

}  // namespace weft::http::internal

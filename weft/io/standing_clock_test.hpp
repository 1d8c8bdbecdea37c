// SPDX-License-Identifier: Apache-2.0
// weft/io/standing_clock_test.hpp - epoll under a clock that only a test moves.
#pragma once

#include <memory>
#include <string_view>

#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {

/// A pause of the loop's ends when the test says so: it takes no time, and is not over too early.
class StandingClock final : public Backend {
public:
    void advance(Nanoseconds span) noexcept { now_ += span; }

    [[nodiscard]] std::string_view name() const noexcept override { return "standing clock"; }
    [[nodiscard]] TimePoint now() const noexcept override { return now_; }
    void submit(IoOperation& operation) override { system_->submit(operation); }
    bool cancel(IoOperation& operation) noexcept override { return system_->cancel(operation); }
    bool wait(TimePoint deadline) override {
        return system_->wait(deadline <= now_ ? TimePoint::min() : TimePoint::max());
    }
    void wake() noexcept override { system_->wake(); }

private:
    std::unique_ptr<Backend> system_ = make_epoll_backend();
    TimePoint now_ = system_->now();
};

}  // namespace weft

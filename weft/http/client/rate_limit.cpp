// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/rate_limit.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {
namespace {

// The requests to one host: one waits for the clock, the others for it.
struct Line {
    Lock first;
    TimePoint next = TimePoint::min();  // when the next one may go, if no burst allows it before
};

}  // namespace

class RateLimitMiddleware::State {
public:
    State(Nanoseconds interval, std::size_t burst)
        : interval_(interval), early_max_(interval * static_cast<std::int64_t>(burst - 1)) {}

    [[nodiscard]] Coro<void> wait_for_turn(const std::string& host);

private:
    static constexpr std::size_t lines_max = 1000;  // beyond, those of no more effect are dropped

    void forget_old_lines(TimePoint now) {
        std::erase_if(lines_, [now](const auto& entry) {
            return entry.second->next <= now && !entry.second->first.locked();
        });
    }

    Nanoseconds interval_;
    Nanoseconds early_max_;
    std::unordered_map<std::string, std::shared_ptr<Line>> lines_;
};

Coro<void> RateLimitMiddleware::State::wait_for_turn(const std::string& host) {
    EventLoop& loop = get_running_loop();
    if (lines_.size() >= lines_max) forget_old_lines(loop.time());
    std::shared_ptr<Line>& known = lines_[host];
    if (!known) known = std::make_shared<Line>();
    const std::shared_ptr<Line> line = known;
    const auto held = co_await line->first.scoped();
    const TimePoint earliest =
        line->next == TimePoint::min() ? loop.time() : line->next - early_max_;
    if (earliest > loop.time()) co_await sleep(earliest - loop.time());
    line->next = std::max(line->next, loop.time()) + interval_;
}

RateLimitMiddleware::RateLimitMiddleware(RateLimit limit) {
    if (!(limit.requests > 0) || limit.per.get() <= Nanoseconds::zero() || limit.burst == 0) {
        throw ValueError("a rate limit's requests, per and burst must be above zero");
    }
    const std::chrono::duration<double, std::nano> interval = limit.per.get() / limit.requests;
    state_ = std::make_shared<State>(std::chrono::ceil<Nanoseconds>(interval), limit.burst);
}

Coro<ClientResponse> RateLimitMiddleware::operator()(ClientRequest& request,
                                                     const Next& next) const {
    co_await transparent;
    const std::shared_ptr<State> state = state_;
    co_await state->wait_for_turn(std::string(request.url.host_port_subcomponent()));
    co_return co_await next(request);
}

}  // namespace weft::http

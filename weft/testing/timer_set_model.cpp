// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/timer_set_model.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/timer_set.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

using internal::ReadyKind;
using internal::ReadyNode;
using internal::ReadyQueue;
using internal::Timer;
using internal::TimerSet;

constexpr int timers_max = 64;
constexpr int steps_max = 2000;

const ReadyKind timer_kind = {.run = [](ReadyNode&) {},
                              .drop = [](ReadyNode&) noexcept {},
                              .describe = [](const ReadyNode&) { return std::string(); }};

class Comparison {
    struct Numbered;
    using Model = std::multimap<TimePoint, Numbered*>;  // keeps equal keys in order
    struct Numbered : Timer {
        Numbered() : Timer(timer_kind) {}
        int number = 0;
        std::optional<Model::iterator> place;  // while it is in the set
    };

public:
    explicit Comparison(Choices& choices) : choices_(choices), timers_(timers_max) {
        for (int i = 0; i < timers_max; ++i) timers_[static_cast<std::size_t>(i)].number = i;
        if (choices_.below(2) == 1) now_ = some_time_later();
    }

    Story run() {
        for (int step = 0; step < steps_max && !choices_.empty(); ++step) {
            if (choices_.below(3) == 0) {
                expire();
            } else {
                add_or_remove();
            }
            compare();
            if (!story_.objections().empty()) return story_;
        }
        while (set_.pop_any()) model_.erase(model_.begin());
        compare();
        return story_;
    }

private:
    // Near ones mostly; sometimes beyond all that can be counted.
    TimePoint some_time_later() {
        const std::int64_t count = now_.time_since_epoch().count();
        const std::int64_t most = std::numeric_limits<std::int64_t>::max();
        const std::int64_t delay = std::int64_t{choices_.below(256)} << choices_.below(56);
        return TimePoint(Nanoseconds(count > most - delay ? most : count + delay));
    }
    TimePoint some_deadline() {
        switch (choices_.below(16)) {
            case 1:
                return TimePoint::min();
            case 2:
                return TimePoint::max();
            case 3:
                return now_;
            case 4:
                return now_ - Nanoseconds(1);
            default:
                return some_time_later();
        }
    }

    void add_or_remove() {
        Numbered& timer = timers_[static_cast<std::size_t>(choices_.below(timers_max))];
        if (timer.place) {
            story_.tell("remove " + std::to_string(timer.number));
            set_.remove(timer);
            model_.erase(*timer.place);
            timer.place.reset();
        } else {
            const TimePoint deadline = some_deadline();
            story_.tell("add " + std::to_string(timer.number) + " at " + to_text(deadline));
            set_.add(timer, deadline);
            timer.place = model_.emplace(deadline, &timer);
        }
    }

    void expire() {
        if (choices_.below(4) != 0) now_ = some_time_later();
        story_.tell("expire to " + to_text(now_));
        ReadyQueue ready;
        set_.expire(now_, ready);
        for (; !model_.empty() && model_.begin()->first <= now_; model_.erase(model_.begin())) {
            Numbered& expected = *model_.begin()->second;
            expected.place.reset();
            if (ready.empty()) return story_.object(name(expected) + " does not expire");
            const Numbered& expired = static_cast<Numbered&>(static_cast<Timer&>(ready.pop()));
            if (&expired != &expected) {
                story_.object(name(expired) + " expires, not " + name(expected));
            }
        }
        if (!ready.empty()) story_.object("timers expire too early");
    }

    void compare() {
        if (set_.size() != model_.size() || set_.empty() != model_.empty()) {
            story_.object("has " + std::to_string(set_.size()) + " timers, not " +
                          std::to_string(model_.size()));
        }
        const TimePoint next = set_.next();
        if (model_.empty() ? next != TimePoint::max() : next > model_.begin()->first) {
            story_.object("says that none is due before " + to_text(next));
        }
    }

    static std::string to_text(TimePoint time) {
        return std::to_string(time.time_since_epoch().count());
    }
    static std::string name(const Numbered& timer) {
        return "timer " + std::to_string(timer.number);
    }

    Choices& choices_;
    Story story_;
    TimePoint now_{};
    std::vector<Numbered> timers_;
    Model model_;
    TimerSet set_;
};

}  // namespace

Story run_timer_set(Choices& choices) { return Comparison(choices).run(); }

}  // namespace weft::testing

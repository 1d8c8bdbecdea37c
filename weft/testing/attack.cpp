// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/attack.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft::testing {
namespace {

enum class Weapon { cancel, cancel_twice, scope, timeout, close };
constexpr std::string_view weapon_names[] = {"cancel", "cancel twice", "scope", "timeout", "close"};

// More turns than any body takes; beyond, it does not end.
constexpr int turns_max = 2000;

struct Position {
    bool transparent_frame;
    int depth;
};

Coro<void> below(const Attacked& body, Position at) {
    const Counted frame;
    if (at.depth > 0) {
        co_await below(body, {at.transparent_frame, at.depth - 1});
    } else {
        co_await body(at.transparent_frame);
    }
}

Coro<void> root(const Attacked& body, Position at, Weapon weapon, CancelScope& scope,
                Timeout& limit) {
    if (weapon == Weapon::scope) {
        co_await with_async(scope, [&]() -> Coro<void> { co_await below(body, at); });
    } else if (weapon == Weapon::timeout) {
        co_await with_async(limit, [&]() -> Coro<void> { co_await below(body, at); });
    } else {
        co_await below(body, at);
    }
}

class Round {
public:
    Round(const Attacked& body, AttackOptions options, Position at, Weapon weapon, int turn,
          std::vector<std::string>& complaints)
        : body_(body),
          options_(options),
          at_(at),
          weapon_(weapon),
          turn_(turn),
          complaints_(complaints) {}

    /// False when the body ended before the turn came.
    bool fight() {
        const int alive_before = Counted::alive;
        bool hit = false;
        {
            CancelScope scope;
            Timeout limit(std::nullopt);
            VirtualLoop loop;
            hit = fight_in(loop, scope, limit);
        }
        if (Counted::alive != alive_before) {
            complain(std::to_string(Counted::alive - alive_before) + " objects are left");
        }
        return hit;
    }

private:
    void complain(std::string what) {
        complaints_.push_back(std::string(weapon_names[static_cast<int>(weapon_)]) + " at turn " +
                              std::to_string(turn_) +
                              (at_.transparent_frame ? ", transparent" : "") +
                              (at_.depth > 0 ? ", deep" : "") + ": " + std::move(what));
    }

    bool fight_in(VirtualLoop& virtual_loop, CancelScope& scope, Timeout& limit) {
        EventLoop& loop = virtual_loop.loop();
        const Task<void> task = loop.create_task(root(body_, at_, weapon_, scope, limit));
        try {
            for (int i = 0; i < turn_ && !task.done(); ++i) loop.run_one_turn();
            // Scopes are entered in the first turn.
            const bool hit = !task.done() && (turn_ > 0 || weapon_ != Weapon::timeout);
            if (weapon_ == Weapon::close) {
                loop.close();
                return hit;
            }
            if (hit) strike(loop, task, scope, limit);
            for (int i = 0; i < turns_max && !task.done(); ++i) loop.run_one_turn();
            if (!task.done()) {
                complain("does not end");
                return hit;
            }
            judge(task, hit, scope);
            virtual_loop.settle();
            if (virtual_loop.task_count() != 0) complain("tasks are left");
            if (virtual_loop.timer_count() != 0) complain("timers are left");
            for (const std::string& report : virtual_loop.reports()) {
                if (!options_.may_report) complain("reported: " + report);
            }
            return hit || turn_ == 0;
        } catch (...) {
            complain(describe(std::current_exception()));
            return true;
        }
    }

    void strike(EventLoop& loop, const Task<void>& task, CancelScope& scope, Timeout& limit) {
        switch (weapon_) {
            case Weapon::cancel:
                task.cancel();
                break;
            case Weapon::cancel_twice:
                task.cancel();
                loop.run_one_turn();
                task.cancel();
                break;
            case Weapon::scope:
                scope.cancel();
                break;
            case Weapon::timeout:
                limit.reschedule(loop.time());
                break;
            case Weapon::close:
                break;
        }
    }

    void judge(const Task<void>& task, bool hit, const CancelScope& scope) {
        const bool by_task = weapon_ == Weapon::cancel || weapon_ == Weapon::cancel_twice;
        const std::exception_ptr error = task.cancelled() ? nullptr : task.exception();
        const bool timed_out = weapon_ == Weapon::timeout && error && holds<TimeoutError>(error);
        const bool ended_by_weapon = by_task                    ? task.cancelled()
                                     : weapon_ == Weapon::scope ? scope.cancelled_caught()
                                                                : timed_out;
        if (error && !timed_out) complain("ends with " + describe(error));
        if (task.cancelled() && !(by_task && hit)) complain("ends cancelled");
        // A scope or timeout may come between the last wait and the end.
        if (hit && by_task && !ended_by_weapon && !options_.may_swallow) {
            complain("does not end with CancelledError");
        }
        const std::uint32_t requests = task.cancelling();
        const std::uint32_t most = !by_task || !hit ? 0 : weapon_ == Weapon::cancel ? 1 : 2;
        const std::uint32_t least = most > 0 ? 1 : 0;
        if (requests < least || requests > most) {
            complain("cancelling() is " + std::to_string(requests));
        }
    }

    const Attacked& body_;
    AttackOptions options_;
    Position at_;
    Weapon weapon_;
    int turn_;
    std::vector<std::string>& complaints_;
};

}  // namespace

std::vector<std::string> attack(const Attacked& body, AttackOptions options) {
    std::vector<std::string> complaints;
    for (const Weapon weapon :
         {Weapon::cancel, Weapon::cancel_twice, Weapon::scope, Weapon::timeout, Weapon::close}) {
        for (const Position at :
             {Position{false, 0}, Position{true, 0}, Position{false, 3}, Position{true, 3}}) {
            for (int turn = weapon == Weapon::timeout ? 1 : 0; turn < turns_max; ++turn) {
                if (!Round(body, options, at, weapon, turn, complaints).fight()) break;
            }
        }
    }
    return complaints;
}

}  // namespace weft::testing

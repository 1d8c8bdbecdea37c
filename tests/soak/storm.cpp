// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "storm.hpp"

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::soak {

using namespace std::chrono_literals;

namespace {

bool is_os_error(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ExceptionGroup& group) {
        return group.split<OSError>().second == nullptr;
    } catch (const OSError&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

Tally& Storm::tally(const std::string& kind) {
    for (Tally& one : tallies_) {
        if (one.kind == kind) return one;
    }
    return tallies_.emplace_back(Tally{.kind = kind});
}

void Storm::fail(const std::string& what) {
    ++failures_;
    std::fprintf(stderr, "FAILED: %s\n", what.c_str());
}

void Storm::fail(const std::string& who, const std::exception_ptr& error) {
    if (ends_in_the_middle_ && is_os_error(error)) return;
    fail(who + ": " + describe(error));
}

void Player::expect_os_error(const std::exception_ptr& error) const {
    if (!is_os_error(error)) expect(false, describe(error));
}

Coro<void> Player::give_up_sometime(Coro<void> coro) {
    switch (dice.up_to(7)) {
        case 0:
        case 1:
            co_await std::move(coro);
            break;
        case 2:
        case 3: {
            const auto limit = dice.moment();
            // The operation's own errors are kept: this is the deadline's.
            static_cast<void>(co_await as_result(wait_for(std::move(coro), limit)));
            break;
        }
        case 4: {
            const auto body = [&coro]() -> Coro<void> { co_await std::move(coro); };
            const auto limit = dice.moment();
            static_cast<void>(co_await move_on_after(limit, body));
            break;
        }
        default:
            co_await cancel_task(std::move(coro));
            break;
    }
}

// In a task of its own, which is cancelled some turns later or after a time, once or twice.
Coro<void> Player::cancel_task(Coro<void> coro) {
    const auto body = [this, &coro](TaskGroup& group) -> Coro<void> {
        const auto task = group.create_task(std::move(coro), {.eager_start = dice.one_in(2)});
        if (dice.one_in(2)) {
            const auto moment = dice.moment();
            co_await sleep(moment);
        } else {
            for (std::size_t turns = dice.up_to(5); turns > 0; --turns) co_await sleep(0s);
        }
        task.cancel();
        if (dice.one_in(3)) {
            co_await sleep(0s);
            task.cancel();
        }
    };
    co_await TaskGroup::scope(body);
}

}  // namespace weft::soak

// SPDX-License-Identifier: Apache-2.0
// Goal:   no lock, permit or item is lost, whenever a task that waits for it is cancelled.
// Method: as in cancel_fuzz_test.cpp; each primitive looks at itself when its last user goes.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/barrier.hpp>
#include <weft/runtime/capacity_limiter.hpp>
#include <weft/runtime/condition.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/attack.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;

struct Case {
    std::string name;
    testing::Attacked body;
    testing::AttackOptions options{};
};

// Shared by the attacked task and its helpers; `check` looks at it when nobody uses it any more.
template <class T, class Check, class... Args>
std::shared_ptr<T> shared_and_checked(Check check, Args&&... args) {
    return std::shared_ptr<T>(new T(std::forward<Args>(args)...), [check](T* object) {
        check(*object);
        delete object;
    });
}
std::shared_ptr<Lock> make_lock() {
    return shared_and_checked<Lock>([](Lock& lock) { EXPECT_FALSE(lock.locked()); });
}
std::shared_ptr<Semaphore> make_semaphore(int permits) {
    return shared_and_checked<Semaphore>(
        [permits](Semaphore& semaphore) { EXPECT_EQ(semaphore.value(), permits); }, permits);
}

// Holds it twice for a second, in competition with others.
template <class P>
void compete(const std::shared_ptr<P>& primitive) {
    create_task([primitive]() -> Coro<void> {
        for (int i = 0; i < 2; ++i) {
            const auto held = co_await primitive->scoped();
            co_await sleep(1s);
        }
    });
}

template <class P>
Coro<void> hold_a_second(std::shared_ptr<P> primitive, bool transparent_frame) {
    if (transparent_frame) co_await transparent;
    const Counted frame;
    const auto held = co_await primitive->scoped();
    co_await sleep(1s);
}

std::vector<Case> locks() {
    std::vector<Case> cases;
    cases.push_back({"lock", [](bool t) -> Coro<void> {
                         const auto lock = make_lock();
                         compete(lock);
                         compete(lock);
                         co_await sleep(0s);
                         co_await hold_a_second(lock, t);
                     }});
    cases.push_back({"semaphore", [](bool t) -> Coro<void> {
                         const auto semaphore = make_semaphore(2);
                         for (int i = 0; i < 3; ++i) compete(semaphore);
                         co_await sleep(0s);
                         co_await hold_a_second(semaphore, t);
                     }});
    cases.push_back({"bounded_semaphore", [](bool t) -> Coro<void> {
                         const auto semaphore = shared_and_checked<BoundedSemaphore>(
                             [](BoundedSemaphore& bounded) {
                                 EXPECT_EQ(bounded.value(), 1);
                                 EXPECT_THROW(bounded.release(), ValueError);
                             },
                             1);
                         for (int i = 0; i < 2; ++i) compete(semaphore);
                         co_await sleep(0s);
                         co_await hold_a_second(semaphore, t);
                     }});
    cases.push_back({"capacity_limiter", [](bool t) -> Coro<void> {
                         const auto limiter = shared_and_checked<CapacityLimiter>(
                             [](CapacityLimiter& l) { EXPECT_EQ(l.borrowed_tokens(), 0); }, 1);
                         for (int i = 0; i < 2; ++i) compete(limiter);
                         co_await sleep(0s);
                         co_await hold_a_second(limiter, t);
                     }});
    cases.push_back({"event", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto event = std::make_shared<Event>();
                         get_running_loop().call_later(1s, [event] { event->set(); });
                         co_await event->wait();
                         event->clear();
                         get_running_loop().call_later(1s, [event] {
                             event->set();
                             event->clear();
                         });
                         co_await event->wait();
                     }});
    cases.push_back({"condition", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto lock = make_lock();
                         const auto condition = std::make_shared<Condition>(*lock);
                         create_task([lock, condition]() -> Coro<void> {
                             for (int i = 0; i < 2; ++i) {
                                 const auto held = co_await condition->scoped();
                                 co_await sleep(1s);
                                 condition->notify_all();
                                 co_await sleep(1s);
                             }
                         });
                         co_await sleep(0s);
                         const auto waiting = [](auto lock, auto condition) -> Coro<void> {
                             co_await transparent;
                             const auto held = co_await condition->scoped();
                             co_await condition->wait();
                             EXPECT_TRUE(lock->locked());
                         };
                         co_await waiting(lock, condition);
                     }});
    cases.push_back({"condition_wait_for", [](bool t) -> Coro<void> {
                         const auto lock = make_lock();
                         const auto condition = std::make_shared<Condition>(*lock);
                         const auto ready = std::make_shared<int>(0);
                         create_task([lock, condition, ready]() -> Coro<void> {
                             while (*ready < 2) {
                                 co_await sleep(1s);
                                 const auto held = co_await condition->scoped();
                                 ++*ready;
                                 condition->notify();
                             }
                         });
                         if (t) co_await transparent;
                         const auto held = co_await condition->scoped();
                         co_await condition->wait_for([ready] { return *ready == 2; });
                     }});
    cases.push_back({"barrier", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto barrier = shared_and_checked<Barrier>(
                             [](Barrier& b) { EXPECT_EQ(b.n_waiting(), 0u); }, 2);
                         create_task([barrier]() -> Coro<void> {
                             co_await sleep(1s);
                             static_cast<void>(co_await as_result(wait_for(barrier->wait(), 9s)));
                         });
                         co_await barrier->wait();
                     }});
    cases.push_back({"barrier_aborted", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto barrier = std::make_shared<Barrier>(2);
                         create_task([barrier]() -> Coro<void> {
                             co_await sleep(1s);
                             co_await barrier->abort();
                         });
                         const auto broken = co_await as_result(barrier->wait());
                         EXPECT_TRUE(!broken && holds<BrokenBarrierError>(broken.error()));
                         co_await barrier->reset();
                     }});
    return cases;
}

std::vector<Case> queues() {
    std::vector<Case> cases;
    // Of three items each is got exactly once: by this task, by the helper, or at the end.
    cases.push_back(
        {"queue_get", [](bool t) -> Coro<void> {
             if (t) co_await transparent;
             const auto got = std::make_shared<int>(0);
             const auto queue = shared_and_checked<Queue<Counted>>(
                 [got](Queue<Counted>& q) { EXPECT_EQ(*got + static_cast<int>(q.qsize()), 3); });
             create_task([queue, got]() -> Coro<void> {
                 const Counted item = co_await queue->get();
                 ++*got;
             });
             for (int i = 0; i < 3; ++i) {
                 get_running_loop().call_later(1s, [queue] { queue->put_nowait(Counted()); });
             }
             // A closed loop puts nothing: then there is nothing to count.
             struct FillUp {
                 std::shared_ptr<Queue<Counted>> queue;
                 std::shared_ptr<int> got;
                 ~FillUp() {
                     if (queue->empty() && *got == 0) *got = 3;
                 }
             };
             const auto fill_up = std::make_shared<FillUp>(queue, got);
             get_running_loop().call_later(2s, [fill_up] {});
             for (int i = 0; i < 2; ++i) {
                 const Counted item = co_await queue->get();
                 ++*got;
             }
         }});
    cases.push_back({"queue_put", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto queue = std::make_shared<Queue<Counted>>(1);
                         create_task([queue]() -> Coro<void> {
                             for (int i = 0; i < 3; ++i) {
                                 co_await sleep(1s);
                                 if (!queue->empty()) queue->get_nowait();
                             }
                         });
                         for (int i = 0; i < 3; ++i) {
                             Counted item;
                             co_await queue->put(std::move(item));
                         }
                     }});
    cases.push_back({"priority_queue", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto queue = std::make_shared<PriorityQueue<int>>();
                         get_running_loop().call_later(1s, [queue] {
                             queue->put_nowait(2);
                             queue->put_nowait(1);
                         });
                         EXPECT_EQ(co_await queue->get(), 1);
                         EXPECT_EQ(co_await queue->get(), 2);
                     }});
    cases.push_back({"queue_join", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto queue = std::make_shared<LifoQueue<int>>();
                         queue->put_nowait(1);
                         create_task([queue]() -> Coro<void> {
                             co_await queue->get();
                             co_await sleep(1s);
                             queue->task_done();
                         });
                         co_await queue->join();
                     }});
    cases.push_back({"queue_shut_down", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto queue = std::make_shared<Queue<int>>();
                         get_running_loop().call_later(1s, [queue] { queue->shutdown(); });
                         const auto ended = co_await as_result(queue->get());
                         EXPECT_TRUE(!ended && holds<QueueShutDown>(ended.error()));
                     }});
    return cases;
}

const std::vector<Case>& all_cases() {
    static const std::vector<Case> cases = [] {
        std::vector<Case> all = locks();
        for (Case& one : queues()) all.push_back(std::move(one));
        return all;
    }();
    return cases;
}

class CancelSyncFuzz : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CancelSyncFuzz, survives_a_cancellation_at_every_turn) {
    const Case& one = all_cases()[GetParam()];
    for (const std::string& complaint : testing::attack(one.body, one.options)) {
        ADD_FAILURE() << one.name << ": " << complaint;
    }
}

INSTANTIATE_TEST_SUITE_P(All, CancelSyncFuzz, ::testing::Range<std::size_t>(0, all_cases().size()),
                         [](const auto& info) { return all_cases()[info.param].name; });

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/inbox.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/virtual_clock.hpp>

namespace weft::internal {
namespace {

std::atomic<int> messages_alive{0};

struct Note final : Inbox::Message, ReadyNode {
    Note(int the_producer, int the_number)
        : ReadyNode(kind), producer(the_producer), number(the_number) {
        ++messages_alive;
    }
    ~Note() { --messages_alive; }
    ReadyNode& arrive() noexcept override { return *this; }
    void drop() noexcept override { delete this; }

    static const ReadyKind kind;
    int producer;
    int number;
};
constinit const ReadyKind Note::kind = {.run = [](ReadyNode&) {},
                                        .drop = [](ReadyNode&) noexcept {},
                                        .describe = [](const ReadyNode&) { return std::string(); }};

constexpr int producers = 4;

// Method: each producer numbers its messages; the consumer must see each series in order.
TEST(Inbox, loses_nothing_and_keeps_each_producers_order_in_a_storm) {
    constexpr int count = 20000;
    const auto backend = make_virtual_backend();
    backend->outside_work(1);  // wait() blocks until wake()
    Inbox inbox(*backend);
    std::vector<std::thread> threads;
    for (int p = 0; p < producers; ++p) {
        threads.emplace_back([&inbox, p] {
            for (int i = 0; i < count; ++i) {
                ASSERT_TRUE(inbox.push(*new Note(p, i)));
                if (i % 1000 == 0) std::this_thread::yield();
            }
        });
    }
    std::array<int, producers> next{};
    int received = 0;
    while (received < producers * count) {
        if (inbox.fall_asleep()) static_cast<void>(backend->wait(TimePoint::max()));
        inbox.awake();
        ReadyQueue ready;
        inbox.drain(ready);
        while (!ready.empty()) {
            const std::unique_ptr<Note> note(&static_cast<Note&>(ready.pop()));
            ASSERT_EQ(note->number, next[static_cast<std::size_t>(note->producer)]++);
            ++received;
        }
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(messages_alive, 0);
}

TEST(Inbox, closed_while_producers_push_drops_what_it_accepted_and_refuses_the_rest) {
    for (int round = 0; round < 50; ++round) {
        auto backend = make_virtual_backend();
        auto inbox = std::make_unique<Inbox>(*backend);
        std::atomic<int> refused{0};
        std::vector<std::thread> threads;
        for (int p = 0; p < producers; ++p) {
            threads.emplace_back([&, p] {
                for (int i = 0;; ++i) {
                    auto note = std::make_unique<Note>(p, i);
                    if (!inbox->push(*note)) break;
                    static_cast<void>(note.release());
                }
                ++refused;
            });
        }
        ReadyQueue ready;
        inbox->drain(ready);
        inbox->close();
        backend.reset();  // nobody wakes it any more
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(refused, producers);
        inbox.reset();
        while (!ready.empty()) delete &static_cast<Note&>(ready.pop());
        EXPECT_EQ(messages_alive, 0);
    }
}

}  // namespace
}  // namespace weft::internal

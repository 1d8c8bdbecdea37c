// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/send_queue.hpp>

#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {
namespace {

constexpr std::size_t piece = SendQueue::piece_bytes_max;

class Send final : public IoOperation {
public:
    Send() : IoOperation(IoKind::send, -1) {}
    void complete(std::int32_t, bool) noexcept override {}
    [[nodiscard]] BytesView bytes() const {
        return {reinterpret_cast<const char*>(buffer), length};
    }
};

// Each time some of what comes next, `step` at most.
Bytes taken_from(SendQueue& queue, std::size_t step) {
    Bytes all;
    while (queue.size() > 0) {
        const BytesView some = queue.next().substr(0, step);
        EXPECT_FALSE(some.empty());
        if (some.empty()) break;
        all += some;
        queue.pop(some.size());
    }
    return all;
}

TEST(SendQueue, gives_what_was_added_in_order_whatever_the_sizes) {
    const Bytes all = some_bytes(4 * piece + 123);
    for (const std::size_t added :
         {std::size_t{1000}, piece - 1, piece, piece + 1, 3 * piece + 7}) {
        for (const std::size_t step : {std::size_t{999}, piece - 1, piece, piece + 1}) {
            SendQueue queue;
            for (std::size_t at = 0; at < all.size(); at += added) {
                queue.append(BytesView(all).substr(at, added));
            }
            EXPECT_EQ(queue.size(), all.size());
            EXPECT_TRUE(taken_from(queue, step) == all) << added << ", " << step;
            EXPECT_EQ(queue.size(), 0u);
            EXPECT_EQ(queue.next(), "");
        }
    }
}

TEST(SendQueue, goes_on_with_what_is_added_while_it_is_taken) {
    const Bytes all = some_bytes(3 * piece);
    SendQueue queue;
    Bytes taken;
    for (std::size_t at = 0; at < all.size(); at += 1000) {
        queue.append(BytesView(all).substr(at, 1000));
        const BytesView some = queue.next().substr(0, at % 1500);
        taken += some;
        queue.pop(some.size());
    }
    taken += taken_from(queue, piece);
    EXPECT_TRUE(taken == all);
}

TEST(SendQueue, does_not_touch_the_piece_that_comes_first) {
    SendQueue queue;
    queue.append("first");
    queue.pop(2);
    Send send;
    queue.give_next_to(send);
    queue.append(Bytes(2 * piece, 'x'));
    EXPECT_EQ(send.bytes(), "rst");
    EXPECT_EQ(queue.next(), "rst");
    EXPECT_EQ(queue.next().data(), send.bytes().data());
}

TEST(SendQueue, keeps_small_pieces_together_and_large_ones_apart) {
    SendQueue queue;
    queue.append("first");
    for (std::size_t i = 0; i < piece; i += 1024) queue.append(Bytes(1024, 'x'));
    queue.append("y");
    queue.pop(5);
    EXPECT_EQ(queue.next(), Bytes(piece, 'x'));
    queue.pop(piece);
    EXPECT_EQ(queue.next(), "y");
}

TEST(SendQueue, leaves_a_piece_to_those_that_share_it) {
    Ref<SendPiece> shared;
    Send send;
    {
        SendQueue queue;
        queue.append("taken, and read");
        shared = queue.piece();
        queue.give_next_to(send);
        queue.pop(6);
        EXPECT_EQ(queue.piece(), shared);
        queue.pop(9);
        queue.append("another");
        EXPECT_NE(queue.piece(), shared);
    }
    EXPECT_EQ(send.bytes(), "taken, and read");
}

}  // namespace
}  // namespace weft::internal

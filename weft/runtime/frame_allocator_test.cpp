// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/frame_allocator.hpp>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weft::internal {
namespace {

// Goal: every byte that was asked for is there; AddressSanitizer and the heap's own checks see what
// is not.
TEST(FrameAllocator, gives_memory_of_every_size_that_can_be_written) {
    for (std::size_t bytes = 1; bytes < 2 * frame_bytes(frame_sizes); bytes += 7) {
        void* memory = allocate_frame(bytes);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 16, 0u);
        std::memset(memory, 0x5a, bytes);
        free_frame(memory, bytes);
    }
}

// A block of one thread's may be freed by another, and serve there.
TEST(FrameAllocator, blocks_may_change_threads) {
    for (int round = 0; round < 20; ++round) {
        std::vector<void*> blocks;
        std::thread([&] {
            for (int i = 0; i < 1000; ++i) blocks.push_back(allocate_frame(200));
        }).join();
        std::thread([&] {
            for (void* block : blocks) free_frame(block, 200);
            for (void*& block : blocks) block = allocate_frame(193);
        }).join();
        EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), blocks.size());
        for (void* block : blocks) {
            std::memset(block, 1, 193);
            free_frame(block, 193);
        }
    }
}

TEST(FrameAllocator, keeps_no_more_than_its_limit) {
    std::thread([] {
        free_frame(allocate_frame(64), 64);
        constexpr std::size_t more = 4 * cached_bytes_max / 64;
        std::vector<void*> blocks;
        for (std::size_t i = 0; i < more; ++i) blocks.push_back(allocate_frame(64));
        for (void* block : blocks) free_frame(block, 64);
        const FrameCache::Size& kept = frame_cache.sizes[frame_size_of(64)];
        if (kept.top == FrameCache::closed) {
            GTEST_SKIP() << "no block is kept under AddressSanitizer or with WEFT_FRAME_CACHE=0";
        }
        EXPECT_GT(kept.top, FrameCache::empty);
        EXPECT_EQ(kept.count, kept.room);
        EXPECT_LE((kept.count + 1) * frame_bytes(frame_size_of(64)), cached_bytes_max);
    }).join();
}

}  // namespace
}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/runtime/frame_allocator.hpp - memory for coroutine frames and task states, recycled per thread.
//
// A frame lives for one call, so its block goes back to a list of its size on the thread that
// freed it and serves the next call: some 4 ns where malloc and free take 9. Blocks come from
// malloc one by one, so a block may be freed on another thread than it came from, and what passes
// `cached_bytes_max` for a size goes back to malloc: after a burst of a million tasks the memory
// is returned.
//
// Off under ASan, where it would hide a use after free, and when WEFT_FRAME_CACHE=0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace weft::internal {

inline constexpr std::size_t frame_granule = 16;
inline constexpr std::size_t frame_bytes_max = 2048;
inline constexpr std::size_t cached_bytes_max = 256 * 1024;  // per size and thread
inline constexpr std::size_t frame_sizes = frame_bytes_max / frame_granule + 1;

struct FrameCache {
    struct Block {
        Block* next;
    };
    struct Size {
        Block* head;
        std::uint32_t room;  // how many more blocks may be kept; 0 until the thread has set up
    };
    Size sizes[frame_sizes];
};
extern constinit thread_local FrameCache frame_cache [[gnu::tls_model("initial-exec")]];

[[nodiscard]] void* allocate_frame_slow(std::size_t bytes);
void free_frame_slow(void* block, std::size_t bytes) noexcept;

[[nodiscard]] inline void* allocate_frame(std::size_t bytes) {
    const std::size_t size = (bytes + frame_granule - 1) / frame_granule;
    if (size < frame_sizes) [[likely]] {
        FrameCache::Size& kept = frame_cache.sizes[size];
        if (FrameCache::Block* block = kept.head) [[likely]] {
            kept.head = block->next;
            ++kept.room;
            return block;
        }
    }
    return allocate_frame_slow(bytes);
}

inline void free_frame(void* memory, std::size_t bytes) noexcept {
    const std::size_t size = (bytes + frame_granule - 1) / frame_granule;
    if (size < frame_sizes) [[likely]] {
        FrameCache::Size& kept = frame_cache.sizes[size];
        if (kept.room > 0) [[likely]] {
            auto* block = static_cast<FrameCache::Block*>(memory);
            block->next = kept.head;
            kept.head = block;
            --kept.room;
            return;
        }
    }
    free_frame_slow(memory, bytes);
}

/// A base that gives a class's objects memory from the recycler. The destructor must be virtual
/// or the static type exact, so that the size is known.
struct FrameAllocated {
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        free_frame(memory, bytes);
    }
};

}  // namespace weft::internal

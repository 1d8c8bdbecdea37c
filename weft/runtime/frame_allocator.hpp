// SPDX-License-Identifier: Apache-2.0
// weft/runtime/frame_allocator.hpp - memory for frames and task states, recycled per thread.
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

inline constexpr std::size_t cached_bytes_max = 256 * 1024;  // per size and thread
// Sizes are 8, 24, 40, …: glibc's chunks are multiples of 16 with 8 bytes of its own.
inline constexpr std::size_t frame_sizes = 128;
[[nodiscard]] constexpr std::size_t frame_size_of(std::size_t bytes) noexcept {
    return (bytes + 7) / 16;
}
[[nodiscard]] constexpr std::size_t frame_bytes(std::size_t size) noexcept { return size * 16 + 8; }

// A stack of free blocks for each size. Its top has a place of its own: a call and its return then
// read and write one word, where a count would be read, changed and written twice, each time
// waiting for the write before. The others lie in an array, not linked through the blocks: the
// next allocation then need not wait for a load from a block that was just written.
struct FrameCache {
    static constexpr std::uintptr_t closed = 0;  // not in use: until a block of this size is freed
    static constexpr std::uintptr_t empty = 1;
    struct Size {
        std::uintptr_t top;  // a block, or one of the above
        void** blocks;
        std::uint32_t count;
        std::uint32_t room;  // the array's length
    };
    Size sizes[frame_sizes];
};
extern constinit thread_local FrameCache frame_cache [[gnu::tls_model("initial-exec")]];

[[nodiscard]] void* allocate_frame_slow(std::size_t bytes);
void free_frame_slow(void* block, std::size_t bytes) noexcept;

[[nodiscard]] inline void* allocate_frame(std::size_t bytes) {
    const std::size_t size = frame_size_of(bytes);
    if (size < frame_sizes) [[likely]] {
        FrameCache::Size& kept = frame_cache.sizes[size];
        if (const std::uintptr_t top = kept.top; top > FrameCache::empty) [[likely]] {
            kept.top = FrameCache::empty;
            return reinterpret_cast<void*>(top);
        }
        if (const std::uint32_t count = kept.count) [[likely]] {
            kept.count = count - 1;
            return kept.blocks[count - 1];
        }
    }
    return allocate_frame_slow(bytes);
}

inline void free_frame(void* memory, std::size_t bytes) noexcept {
    const std::size_t size = frame_size_of(bytes);
    if (size < frame_sizes) [[likely]] {
        FrameCache::Size& kept = frame_cache.sizes[size];
        if (kept.top == FrameCache::empty) [[likely]] {
            kept.top = reinterpret_cast<std::uintptr_t>(memory);
            return;
        }
        if (const std::uint32_t count = kept.count; count < kept.room) [[likely]] {
            kept.blocks[count] = memory;
            kept.count = count + 1;
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

// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/frame_allocator.hpp>

#include <algorithm>
#include <cstring>
#include <new>

namespace weft::internal {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define WEFT_NO_FRAME_CACHE 1
#endif
#endif

bool caching_wanted() noexcept {
#ifdef WEFT_NO_FRAME_CACHE
    return false;
#else
    static const bool wanted = [] {
        const char* setting = std::getenv("WEFT_FRAME_CACHE");
        return !setting || std::strcmp(setting, "0") != 0;
    }();
    return wanted;
#endif
}

// Opens the thread's cache, and returns its blocks when the thread ends. Later frees of that
// thread find no room and go straight to free().
class CacheOwner {
public:
    CacheOwner() noexcept {
        if (!caching_wanted()) return;
        for (std::size_t size = 1; size < frame_sizes; ++size) {
            frame_cache.sizes[size].room =
                static_cast<std::uint32_t>(cached_bytes_max / (size * frame_granule));
        }
    }
    ~CacheOwner() {
        for (FrameCache::Size& kept : frame_cache.sizes) {
            while (FrameCache::Block* block = kept.head) {
                kept.head = block->next;
                std::free(block);
            }
            kept.room = 0;
        }
    }
    CacheOwner(const CacheOwner&) = delete;
    CacheOwner& operator=(const CacheOwner&) = delete;
};

void open_cache() noexcept {
    thread_local CacheOwner owner;
    static_cast<void>(owner);
}

}  // namespace

constinit thread_local FrameCache frame_cache [[gnu::tls_model("initial-exec")]] = {};

void* allocate_frame_slow(std::size_t bytes) {
    open_cache();
    // Whole granules: a recycled block serves every request of its size class.
    const std::size_t whole = (bytes + frame_granule - 1) / frame_granule * frame_granule;
    void* memory = std::malloc(std::max(whole, frame_granule));
    if (!memory) throw std::bad_alloc();
    return memory;
}

void free_frame_slow(void* block, std::size_t bytes) noexcept {
    static_cast<void>(bytes);
    open_cache();
    std::free(block);
}

}  // namespace weft::internal

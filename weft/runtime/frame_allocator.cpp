// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/frame_allocator.hpp>

#include <cstdint>
#include <cstdlib>
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

// Returns the thread's blocks when it ends. What it frees later finds no room and goes straight
// to free().
class CacheOwner {
public:
    CacheOwner() = default;
    CacheOwner(const CacheOwner&) = delete;
    CacheOwner& operator=(const CacheOwner&) = delete;
    ~CacheOwner() {
        closed = true;
        for (FrameCache::Size& kept : frame_cache.sizes) {
            if (kept.top > FrameCache::empty) std::free(reinterpret_cast<void*>(kept.top));
            while (kept.count > 0) std::free(kept.blocks[--kept.count]);
            std::free(kept.blocks);
            kept = {};
        }
    }
    bool closed = false;
};

// Makes the array for one size; false where there shall be none.
bool open_size(FrameCache::Size& kept, std::size_t size) noexcept {
    if (kept.blocks || !caching_wanted()) return false;
    thread_local CacheOwner owner;
    if (owner.closed) return false;
    const std::size_t room = cached_bytes_max / frame_bytes(size) - 1;
    kept.blocks = static_cast<void**>(std::malloc(room * sizeof(void*)));
    if (!kept.blocks) return false;
    kept.room = static_cast<std::uint32_t>(room);
    kept.top = FrameCache::empty;
    return true;
}

}  // namespace

constinit thread_local FrameCache frame_cache [[gnu::tls_model("initial-exec")]] = {};

void* allocate_frame_slow(std::size_t bytes) {
    // A recycled block serves every request of its size.
    void* memory = std::malloc(frame_bytes(frame_size_of(bytes)));
    if (!memory) throw std::bad_alloc();
    return memory;
}

void free_frame_slow(void* block, std::size_t bytes) noexcept {
    const std::size_t size = frame_size_of(bytes);
    if (size < frame_sizes) {
        FrameCache::Size& kept = frame_cache.sizes[size];
        if (open_size(kept, size)) {
            kept.top = reinterpret_cast<std::uintptr_t>(block);
            return;
        }
    }
    std::free(block);
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/debug_mode.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <pthread.h>

#include <weft/runtime/event_loop.hpp>

namespace weft::internal {
namespace {

struct Stack {
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
};

Stack find_stack() noexcept {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
    void* low = nullptr;
    std::size_t bytes = 0;
    const bool found = pthread_attr_getstack(&attributes, &low, &bytes) == 0;
    pthread_attr_destroy(&attributes);
    if (!found) return {};
    const auto from = reinterpret_cast<std::uintptr_t>(low);
    return {from, from + bytes};
}

const Stack& own_stack() noexcept {
    thread_local const Stack stack = find_stack();
    return stack;
}

}  // namespace

constinit std::atomic<bool> debug_mode_seen{false};

void check_thread(const EventLoop& loop) {
    if (loop.get_debug()) loop.check_thread();
}

bool is_on_stack(const void* object) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(object);
    return at >= own_stack().low && at < own_stack().high;
}

// Stacks grow downwards on all processors that weft runs on.
bool is_left_on_stack(const void* object, const void* frame) noexcept {
    return is_on_stack(object) &&
           reinterpret_cast<std::uintptr_t>(object) < reinterpret_cast<std::uintptr_t>(frame);
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/testing/scarce_memory.hpp - operator new that fails at the n-th call, and counts bytes.
//
// Defines it for the whole program: one file of a test program includes this. ThreadSanitizer
// brings an operator new of its own, which is not replaced: such a program is left out there.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace weft::testing {

/// Of this thread: the one after so many fails. Negative: none.
inline constinit thread_local int allocations_until_failure = -1;
/// And so many in a row do.
inline constinit thread_local int allocations_to_fail = 1;

/// What this thread has allocated, less what it has freed.
inline constinit thread_local std::ptrdiff_t bytes_in_use = 0;

/// Calls `make` so that its n-th allocation, counted from 0, fails. Whether that has thrown.
template <class F>
bool fails_at(int n, F make) {
    allocations_until_failure = n;
    bool failed = false;
    try {
        make();
    } catch (const std::bad_alloc&) {
        failed = true;
    }
    allocations_until_failure = -1;
    return failed;
}

}  // namespace weft::testing

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    int& left = weft::testing::allocations_until_failure;
    int& to_fail = weft::testing::allocations_to_fail;
    if (left < 0 || left-- > 0) {
        void* const memory = std::malloc(bytes);
        weft::testing::bytes_in_use += static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
        return memory;
    }
    if (--to_fail > 0) {
        left = 0;
    } else {
        to_fail = 1;
    }
    return nullptr;
}
void* operator new(std::size_t bytes) {
    if (void* memory = operator new(bytes, std::nothrow)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    weft::testing::bytes_in_use -= static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

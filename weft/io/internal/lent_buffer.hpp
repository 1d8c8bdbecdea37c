// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/lent_buffer.hpp - where a backend puts what comes, for any descriptor: an idle
// connection needs no buffer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <weft/base/bytes.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {

/// Lends its bytes to one operation after the other. An operation that got much takes them away
/// instead of a copy, and the next one is lent others.
class LentBuffer {
public:
    static constexpr std::size_t bytes = std::size_t{64} * 1024;

    // Bytes that were taken are freed by whoever has read them. At the end of the heap, glibc would
    // give their pages back to the system each time, and fault them in again for the next ones: a
    // fifth of all the time. It keeps 1 MiB, for the whole process, once a block of half of that has
    // come and gone (mallopt(3), M_MMAP_THRESHOLD), unless the program has told it what to do.
    LentBuffer() noexcept {
        void* volatile block = std::malloc(std::size_t{512} * 1024);  // volatile: not left out
        std::free(block);
    }

    void lend(IoOperation& operation) noexcept {
        if (bytes_.empty()) allocate();
        if (bytes_.empty()) {
            operation.lent = nullptr;
            operation.buffer = scarce_.data();
            operation.length = scarce_.size();
        } else {
            operation.lent = &bytes_;
            operation.buffer = reinterpret_cast<std::byte*>(bytes_.data());
            operation.length = bytes_.size();
        }
    }

private:
    void allocate() noexcept try {
        bytes_.resize_and_overwrite(bytes, [](char*, std::size_t size) { return size; });
    } catch (const std::bad_alloc&) {
    }

    Bytes bytes_;
    std::array<std::byte, 4096> scarce_;  // while there is no memory for more
};

}  // namespace weft::internal

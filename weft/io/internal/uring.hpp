// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/uring.hpp - a ring of io_uring and the buffers that it receives into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <liburing.h>

namespace weft::internal {

/// The ring itself: closed with the object, when nothing may be in the kernel's hands any more.
class Uring {
public:
    /// Errors: OSError
    Uring();
    ~Uring() { io_uring_queue_exit(&ring_); }
    Uring(const Uring&) = delete;
    Uring& operator=(const Uring&) = delete;

    [[nodiscard]] io_uring& get() noexcept { return ring_; }

    /// Makes it the calling thread's; before, it can only be set up.
    /// Errors: OSError
    void enable();

    /// A free entry; null when the kernel takes none at the moment.
    [[nodiscard]] io_uring_sqe* next_entry() noexcept;
    /// Whether the kernel has completions that it brings when it is called.
    [[nodiscard]] bool has_more() const noexcept;
    /// The same, or there is something to submit or to take.
    [[nodiscard]] bool has_work() const noexcept;

private:
    io_uring ring_{};
};

/// Buffers that the kernel takes from a ring, fills and names in a completion.
class ProvidedBuffers {
public:
    static constexpr unsigned group = 0;

    /// Errors: OSError; std::bad_alloc
    explicit ProvidedBuffers(Uring& uring);

    [[nodiscard]] std::byte* at(std::uint16_t number) const noexcept {
        return &memory_[number * buffer_bytes];
    }
    /// The kernel may fill it again.
    void give_back(std::uint16_t number) noexcept;

private:
    // As many as messages may come at once: where they run out, the kernel ends the receiving, and it
    // is begun anew. A power of two.
    static constexpr std::uint16_t count = 1024;
    static constexpr std::size_t buffer_bytes = 4 * 1024;

    struct Unmapped {
        void operator()(io_uring_buf_ring* ring) const noexcept;
    };
    std::unique_ptr<io_uring_buf_ring, Unmapped> ring_;
    std::unique_ptr<std::byte[]> memory_;
};

}  // namespace weft::internal

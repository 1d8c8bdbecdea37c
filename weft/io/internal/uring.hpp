// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/uring.hpp - a ring of io_uring and the buffers that it receives into.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <liburing.h>

#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/uring_backend.hpp>

namespace weft::internal {

/// How long a ring that has lost a completion may take to end what it has begun, such as a read of a
/// slow disk. Tests have less time.
inline thread_local constinit std::chrono::milliseconds ring_release_time_max =
    std::chrono::seconds(30);

/// The ring itself: closed with the object, when nothing may be in the kernel's hands any more.
class Uring {
public:
    /// Errors: OSError
    Uring();
    ~Uring() {
        if (is_open_) io_uring_queue_exit(&ring_);
    }
    Uring(const Uring&) = delete;
    Uring& operator=(const Uring&) = delete;

    [[nodiscard]] io_uring& get() noexcept { return ring_; }
    /// The highest tier that the system has.
    [[nodiscard]] UringTier tier() noexcept;
    /// IORING_RECVSEND_BUNDLE, for the `ioprio` of receiving; the tier `full` has it.
    static constexpr std::uint16_t bundle = 1U << 4;

    /// Whether it sends without a copy, and tells whether it did.
    [[nodiscard]] bool does_zero_copy() const noexcept;
    /// IORING_SEND_ZC_REPORT_USAGE, for the `ioprio` of sending so, and what it then tells.
    static constexpr std::uint16_t report_usage = 1U << 3;
    static constexpr std::uint32_t was_copied = 1U << 31;  // IORING_NOTIF_USAGE_ZC_COPIED

    /// Makes it the calling thread's; before, it can only be set up.
    /// Errors: OSError
    void enable();

    /// A free entry; null when the kernel takes none at the moment.
    [[nodiscard]] io_uring_sqe* next_entry() noexcept;
    /// Whether the kernel has completions that it brings when it is called.
    [[nodiscard]] bool has_more() const noexcept;
    /// The same, or there is something to submit or to take.
    [[nodiscard]] bool has_work() const noexcept;

    /// Whether the kernel has dropped completions, which it does when it has no memory to keep them.
    [[nodiscard]] bool has_lost() const noexcept;
    /// A descriptor that hangs up when the ring is closed and nothing is in the kernel's hands any
    /// more. Null where there is none to be had.
    /// Thread: the ring's.
    [[nodiscard]] const std::shared_ptr<const FileDescriptor>& released() noexcept;
    /// Closes it, and returns when nothing is in the kernel's hands any more, be its completion lost.
    void close_and_wait() noexcept;

private:
    io_uring ring_{};
    bool is_open_ = true;
    std::shared_ptr<const FileDescriptor> released_;
};

struct Unmap {
    std::size_t bytes;
    void operator()(void* memory) const noexcept;
};
template <class T>
using Mapping = std::unique_ptr<T, Unmap>;

/// The tier that is wanted, or the highest.
/// Errors: OSError where the system does not have it.
[[nodiscard]] UringTier tier_of(Uring& uring, std::optional<UringTier> wanted);

/// Memory that the kernel receives into, and names in a completion.
class ProvidedBuffers {
public:
    static constexpr unsigned group = 0;

    /// Errors: OSError; std::bad_alloc
    ProvidedBuffers(Uring& uring, UringTier tier);

    /// The bytes that a completion brought, from the buffer of that number on. Valid until they are
    /// given back, which is before the next completion is looked at.
    [[nodiscard]] std::byte* received(std::uint16_t number) noexcept;
    void give_back(std::uint16_t number, std::size_t bytes) noexcept;

private:
    void add(std::uint16_t number) noexcept;

    UringTier tier_;
    // As many as may come at once: where they run out, the kernel ends the receiving, and it is
    // begun anew.
    std::size_t buffer_bytes_;
    std::uint16_t count_;  // a power of two
    Mapping<io_uring_buf_ring> ring_;
    Mapping<std::byte> memory_;  // `full`: twice in a row; what goes on at its start is one piece
    std::size_t next_ = 0;       // `full`: where the kernel goes on
};

}  // namespace weft::internal

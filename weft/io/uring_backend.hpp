// SPDX-License-Identifier: Apache-2.0
// weft/io/uring_backend.hpp - the backend on io_uring.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {

/// How much of io_uring a system has.
enum class UringTier : std::uint8_t {
    basic,  ///< Linux 6.1: every message that is received takes a buffer of its own
    full,   ///< Linux 6.16: a buffer is filled with what comes next, from whichever socket, and a
            ///< completion tells of all that one socket brought
};

/// Makes a backend of that tier, `io_uring_basic` or `io_uring`; of the highest unless one is named.
///
/// Streams receive into memory that all of a loop share, 1 MiB in the tier `full` and 4 MiB in
/// `basic`: up to so much may come for a reader that has just had enough; with epoll, and from a Unix socket, it is 64 KiB.
///
/// From Linux 6.3 on, what a stream has to send beyond what the system takes at once is sent without
/// a copy in the kernel, where it is 64 KiB or more and goes to another host over TCP. The stream is
/// told as ever what was taken, and can be closed; its memory stays until the peer has acknowledged
/// it, 4 MiB of a connection at most: beyond that it is copied. Where that cannot be done, for
/// want of memory that may be pinned (RLIMIT_MEMLOCK), or where the kernel has copied all the
/// same, as for a peer in a container on this host, the connection goes on with copies.
/// Closing a loop waits for no peer: memory that the kernel still sends from outlives it, and is looked
/// at again when another loop begins or ends to send so. A program that ends need not wait
/// either: the kernel sends on.
///
/// Thread: the ring belongs to the thread that waits first. Another one may take the loop over while
///         nothing is under way, else wait() throws a RuntimeError; and it may close the loop once
///         that thread has ended: closing it while the thread goes on ends the process, since the
///         kernel would go on writing to memory that is freed.
/// Cost:   that memory for each loop, as far as it is used; a descriptor more for one that sends
///         without a copy, which stays until the kernel has done with what the loop has left.
/// Where the kernel has no memory to tell of an operation, nobody knows whom it would concern: wait()
/// throws an OSError of EBADR from then on, and the loop can only be closed. That may then wait for
/// the kernel, 30 s at most, and ends the process where it cannot know that nobody writes to its
/// memory any more: when that time is over, as where a peer does not take what was sent without a
/// copy, or it gets no descriptors for a pipe. A connection whose
/// acceptance was not told stays open until the process ends.
/// Errors: OSError where the kernel has no io_uring of that tier, or a sandbox forbids it.
[[nodiscard]] std::unique_ptr<Backend> make_uring_backend(
    std::optional<UringTier> tier = std::nullopt);
/// Whether such an error says that, and not that something ran short.
[[nodiscard]] bool says_there_is_no_uring(const OSError& error) noexcept;

}  // namespace weft

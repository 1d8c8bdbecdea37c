// SPDX-License-Identifier: Apache-2.0
// weft/io/uring_backend.hpp - the backend on io_uring.
#pragma once

#include <memory>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {

/// Makes a backend of the tier `io_uring_basic`: Linux 6.1 and later.
///
/// Streams receive into buffers that the kernel takes from 4 MiB which all of a loop share, so that
/// up to so much may come for a reader that has just had enough; with epoll it is 64 KiB.
///
/// Thread: the ring belongs to the thread that waits first. Another one may take the loop over while
///         nothing is under way, else wait() throws a RuntimeError; and it may close the loop once
///         that thread has ended: closing it while the thread goes on ends the process, since the
///         kernel would go on writing to memory that is freed.
/// Cost:   4 MiB of address space for each loop.
/// Errors: OSError where the kernel has no io_uring of that age, or a sandbox forbids it.
[[nodiscard]] std::unique_ptr<Backend> make_uring_backend();
/// Whether such an error says that, and not that something ran short.
[[nodiscard]] bool says_there_is_no_uring(const OSError& error) noexcept;

}  // namespace weft

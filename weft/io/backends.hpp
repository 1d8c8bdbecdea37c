// SPDX-License-Identifier: Apache-2.0
// weft/io/backends.hpp - which backend a loop gets.
#pragma once

#include <memory>

#include <weft/runtime/backend.hpp>

namespace weft {

/// The backend that WEFT_BACKEND names: `epoll`, `io_uring_basic` or `io_uring`; or `auto`, which is the
/// highest tier of io_uring, and epoll, with a line in the log, where the system refuses that. Epoll
/// where it is not set: it carries streams faster, and a loop on it may go from thread to thread.
/// Errors: ValueError for another name; OSError where the system refuses what was named.
[[nodiscard]] std::unique_ptr<Backend> make_backend();

}  // namespace weft

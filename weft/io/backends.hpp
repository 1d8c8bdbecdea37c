// SPDX-License-Identifier: Apache-2.0
// weft/io/backends.hpp - which backend a loop gets.
#pragma once

#include <memory>

#include <weft/runtime/backend.hpp>

namespace weft {

/// The backend that WEFT_BACKEND names, `epoll`, `io_uring_basic` or `io_uring`; epoll where it is not set.
/// Errors: ValueError for another name; OSError where the system refuses what was named.
[[nodiscard]] std::unique_ptr<Backend> make_backend();

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/io/epoll_backend.hpp - the backend that works everywhere.
#pragma once

#include <memory>

#include <weft/runtime/backend.hpp>

namespace weft {

/// Errors: OSError when the system has no descriptor left.
[[nodiscard]] std::unique_ptr<Backend> make_epoll_backend();

}  // namespace weft

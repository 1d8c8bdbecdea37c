// SPDX-License-Identifier: Apache-2.0
// weft/runtime/virtual_clock.hpp - a backend whose time passes at once, for tests.
#pragma once

#include <memory>

#include <weft/runtime/backend.hpp>

namespace weft {

/// Time starts at zero and moves only when every task waits: then it jumps to the next deadline.
/// While a job is out in another thread it stands still, so that a timeout never beats work that
/// merely runs on a slow machine. When nothing can wake the tasks any more, the run ends with a
/// RuntimeError that lists them.
///
/// Errors: add_reader() and other I/O throw OSError: there is no system below.
[[nodiscard]] std::unique_ptr<Backend> make_virtual_backend();

}  // namespace weft

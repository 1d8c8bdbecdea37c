// SPDX-License-Identifier: Apache-2.0
// tests/soak/memory.hpp - what a process has of the system.
#pragma once

#include <cstddef>

namespace weft::soak {

/// What this process has got from its allocator and not given back.
[[nodiscard]] std::size_t heap_bytes();
/// The resident set of this process.
[[nodiscard]] std::size_t resident_bytes();
/// Whether that tells what the program uses: not under a sanitizer, which keeps what is freed.
[[nodiscard]] bool resident_set_tells() noexcept;

/// The proportional set of a process: a page that several share counts for its part.
[[nodiscard]] std::size_t proportional_bytes(int pid);

/// Raises the limit of descriptors as far as the system lets it; gives how many there may be.
[[nodiscard]] std::size_t raise_descriptor_limit();

}  // namespace weft::soak

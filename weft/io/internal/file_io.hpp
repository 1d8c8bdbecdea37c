// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/file_io.hpp - one read, write or sync of a file: by the kernel, or by a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <weft/base/bytes.hpp>
#include <weft/io/internal/file_state.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::internal {

/// Reads some bytes; 0 at the end. `offset` is -1 for a file that is not positional.
/// Errors: OSError; ValueError when it is closed
/// Lifetime: file and buffer must outlive it.
[[nodiscard]] Coro<std::size_t> read_some(FileState& file, std::span<char> into,
                                          std::int64_t offset);
/// Writes some bytes; -1 also for a file that appends.
[[nodiscard]] Coro<std::size_t> write_some(FileState& file, BytesView data, std::int64_t offset);
[[nodiscard]] Coro<void> sync_to_disk(FileState& file);

}  // namespace weft::internal

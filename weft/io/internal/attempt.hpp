// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/attempt.hpp - an operation as one system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <weft/runtime/backend.hpp>

namespace weft::internal {

/// Makes the system call of the operation.
///
/// On a descriptor that is blocking, this may wait where the system has no flag against it: read,
/// write, connect and accept.
///
/// Returns: what complete() is to be told; nullopt when it would have to wait, which is all that
///          those can say that complete when a descriptor is ready.
[[nodiscard]] std::optional<std::int32_t> attempt(const IoOperation& operation) noexcept;

// For a backend that is told when a descriptor is ready.

/// Whether the operation waits until the descriptor is writable; else until it is readable.
[[nodiscard]] bool waits_to_write(IoKind kind) noexcept;
/// Whether the backend lends it a buffer.
[[nodiscard]] bool borrows_buffer(IoKind kind) noexcept;
/// Whether it goes on after that result.
[[nodiscard]] bool goes_on_after(IoKind kind, std::int32_t result) noexcept;
/// What the operation has come to, now that its descriptor is ready; nullopt: it is not after all.
[[nodiscard]] std::optional<std::int32_t> attempt_when_ready(const IoOperation& operation) noexcept;

}  // namespace weft::internal

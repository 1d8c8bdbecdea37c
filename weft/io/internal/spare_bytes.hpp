// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/spare_bytes.hpp - memory that the connections of a thread use in turn.
#pragma once

#include <weft/base/bytes.hpp>

namespace weft::internal {

// What a connection needs only until it has sent it: an idle one keeps none, and one that is not
// idle finds it in the cache.

/// Gives `bytes`, which are none, the room that the thread has to spare.
void lend_spare(Bytes& bytes) noexcept;
/// Leaves `bytes` empty, and their room to the next one.
/// Limits: a thread keeps 128 KiB.
void take_back_spare(Bytes& bytes) noexcept;

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/io/exceptions.hpp - what streams throw beside the OSErrors of weft/base/exceptions.hpp.
//
//   EOFError > IncompleteReadError
//   OSError > GaiError
//   Exception > LimitOverrunError
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {

/// The stream ended before all that was asked for had come.
/// Spec: asyncio.IncompleteReadError.
class IncompleteReadError : public EOFError {
public:
    IncompleteReadError(Bytes partial, std::optional<std::size_t> expected);

    /// What had come; it is no longer in the stream.
    [[nodiscard]] const Bytes& partial() const noexcept { return partial_; }
    /// How many bytes were asked for; nothing when a separator was.
    [[nodiscard]] std::optional<std::size_t> expected() const noexcept { return expected_; }

private:
    Bytes partial_;
    std::optional<std::size_t> expected_;
};

/// No separator within the limit of the stream. What was read stays in it.
/// Spec: asyncio.LimitOverrunError.
class LimitOverrunError : public Exception {
public:
    LimitOverrunError(std::string message, std::size_t consumed)
        : Exception(std::move(message)), consumed_(consumed) {}

    /// So many bytes at the head of the stream are before the separator, as far as was looked.
    [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

private:
    std::size_t consumed_;
};

/// A host name has no address, or nobody tells it. `code()` is the resolver's, not an errno.
/// Spec: socket.gaierror.
class GaiError : public OSError {
    using OSError::OSError;
};

}  // namespace weft

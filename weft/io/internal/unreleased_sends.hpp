// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/unreleased_sends.hpp - sends whose bytes the kernel may still read.
#pragma once

#include <memory>

#include <weft/base/list.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {

/// Those of one ring. They may outlive it: what the peer has not acknowledged is sent, maybe once
/// more, as it lies in memory by then, and nothing else may lie there.
class UnreleasedSends final : public ListNode {
public:
    /// `released` hangs up when the ring is closed and the kernel has done with all of it.
    explicit UnreleasedSends(std::shared_ptr<const FileDescriptor> released) noexcept
        : released_(std::move(released)) {}
    /// Completes those that there are: nobody reads their bytes.
    ~UnreleasedSends();

    void push_back(IoOperation& send) noexcept { sends_.push_back(send); }
    [[nodiscard]] bool empty() const noexcept { return sends_.empty(); }

    /// Takes over those of a ring that is closed, until the kernel has done with them, which it has
    /// at the latest when it gives the peer up.
    /// Thread: any.
    /// Limits: a descriptor and ZeroCopyUse::sends_max sends a connection; freed when that is
    ///         called again, or release_some().
    static void keep(std::unique_ptr<UnreleasedSends> sends) noexcept;
    /// Frees those of other rings that the kernel has done with.
    /// Thread: any.
    static void release_some() noexcept;

private:
    [[nodiscard]] bool is_released() const noexcept;

    std::shared_ptr<const FileDescriptor> released_;
    List<IoOperation> sends_;
};

}  // namespace weft::internal

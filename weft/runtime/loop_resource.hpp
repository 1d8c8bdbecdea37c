// SPDX-License-Identifier: Apache-2.0
// weft/runtime/loop_resource.hpp - what a loop has to be rid of when it closes: open connections.
#pragma once

#include <weft/base/list.hpp>

namespace weft::internal {

/// A member of EventLoop::resources(), which may leave it at any time.
class LoopResource : public ListNode {
public:
    /// The loop closes: no operation is in the backend any more, and none may be begun. Unlinks
    /// itself, and may destroy itself.
    virtual void loop_closes() noexcept = 0;

protected:
    ~LoopResource() = default;
};

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/runtime/scope_node.hpp - the cancel scopes that a task is in, innermost first.
#pragma once

#include <cstdint>

namespace weft::internal {

struct ScopeNode {
    ScopeNode* outer = nullptr;
    bool cancelled = false;
    bool shielded = false;   // what is further out does not reach inside
    std::uint32_t held = 0;  // requests to cancel the task that wait for the end of this shield
};

/// Whether an await in `scope` is to be interrupted.
[[nodiscard]] inline bool is_cancelled(const ScopeNode* scope) noexcept {
    for (; scope; scope = scope->shielded ? nullptr : scope->outer) {
        if (scope->cancelled) return true;
    }
    return false;
}

}  // namespace weft::internal

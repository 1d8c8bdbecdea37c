// SPDX-License-Identifier: Apache-2.0
// weft/base/at_end.hpp - what is to be done at the end of a scope, however that is left.
#pragma once

#include <concepts>
#include <utility>

namespace weft {

/// Calls `function`, which must not throw, when it is destroyed; not after forget().
template <std::invocable F>
class [[nodiscard]] AtEnd {
public:
    explicit AtEnd(F function) noexcept : function_(std::move(function)) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() {
        if (is_wanted_) function_();
    }
    /// All went well: there is nothing to undo.
    void forget() noexcept { is_wanted_ = false; }

private:
    F function_;
    bool is_wanted_ = true;
};

}  // namespace weft

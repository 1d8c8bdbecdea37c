// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/loop_bound.hpp>

#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>

namespace weft::internal {

void LoopBound::throw_bound_elsewhere(std::string_view what) {
    throw RuntimeError(std::string(what) + " is bound to a different event loop");
}

}  // namespace weft::internal

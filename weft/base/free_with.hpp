// SPDX-License-Identifier: Apache-2.0
// weft/base/free_with.hpp - owns what a C library has made.
#pragma once

namespace weft {

/// A deleter for std::unique_ptr that takes no room: FreeWith<std::free>.
template <auto free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept {
        free(object);
    }
};

}  // namespace weft

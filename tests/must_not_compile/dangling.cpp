// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <string_view>

std::size_t length() {
    const std::string_view view = std::string("gone at the semicolon");
    return view.size();
}

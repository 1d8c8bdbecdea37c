// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <weft/runtime/coro.hpp>

weft::Coro<void> keeps(const std::string& text) {
    static_cast<void>(text);
    co_return;
}

[[clang::coro_wrapper]] weft::Coro<void> returns() {
    std::string local = "gone when this returns";
    return keeps(local);
}

// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <weft/runtime/async_generator.hpp>

weft::AsyncGenerator<char> letters(const std::string& text) {
    for (const char letter : text) co_yield letter;
}

weft::Coro<void> waits() {
    auto all = letters(std::string("gone before the generator runs"));
    co_await all.next();
}

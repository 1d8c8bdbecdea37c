// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/async_generator.hpp>

weft::AsyncGenerator<int> counting(const int& to) {
    for (int i = 0; i < to; ++i) co_yield i;
}

[[clang::coro_wrapper]] weft::AsyncGenerator<int> to_three() { return counting(3); }

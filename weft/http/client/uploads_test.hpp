// SPDX-License-Identifier: Apache-2.0
// weft/http/client/uploads_test.hpp - a generator that tests of uploads send, and what becomes of it.
#pragma once

#include <cstddef>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {

/// What becomes of a generator.
struct Story {
    std::size_t given = 0;
    bool is_closed = false;  ///< by aclose(), or at its end; not where it is only destroyed
};

/// So many pieces, each in a turn of the loop of its own.
inline AsyncGenerator<Bytes> pieces(std::size_t count, Bytes piece, Story* story = nullptr) {
    Story mine;
    Story& told = story ? *story : mine;
    try {
        for (std::size_t i = 0; i < count; ++i) {
            ++told.given;
            co_yield piece;
            co_await sleep(Nanoseconds::zero());
        }
    } catch (...) {
        told.is_closed = true;
        throw;
    }
    told.is_closed = true;
}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// tests/interop/say.hpp - what the peer tells the test that started it.
#pragma once

#include <cstdio>
#include <string>

#include <weft/base/exceptions.hpp>

namespace weft::interop {

/// One line on stdout, at once.
inline void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

/// Ends the talk with an error where the other end, or weft, did not do what it should have.
inline void expect(bool condition, const std::string& what) {
    if (!condition) throw RuntimeError(what);
}

}  // namespace weft::interop

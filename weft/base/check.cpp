// SPDX-License-Identifier: Apache-2.0
#include <weft/base/check.hpp>

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace weft {

void broken_invariant(const char* why, std::source_location where) {
    // Not fmt: the heap may be what is broken.
    std::fprintf(stderr, "weft: broken invariant: %s (%s:%u, %s)\n", why, where.file_name(),
                 static_cast<unsigned>(where.line()), where.function_name());
    std::abort();
}

}  // namespace weft

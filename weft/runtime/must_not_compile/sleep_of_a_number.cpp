// SPDX-License-Identifier: Apache-2.0
// A number would select the C function sleep(), which stops the whole loop.
#include <weft/runtime/sleep.hpp>

using namespace weft;

Coro<void> naps() {
    sleep(1);
    co_return;
}

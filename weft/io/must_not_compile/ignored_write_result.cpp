// SPDX-License-Identifier: Apache-2.0
#include <weft/io/stream.hpp>

weft::Coro<void> forgets(const weft::Stream& stream) { co_await stream.write_all("hello\n"); }

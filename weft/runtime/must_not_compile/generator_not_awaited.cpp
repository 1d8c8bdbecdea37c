// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/async_generator.hpp>

// The values come from next(), not from awaiting the generator.
weft::Coro<void> waits(weft::AsyncGenerator<int> numbers) { co_await std::move(numbers); }

// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <weft/runtime/gather.hpp>

weft::Coro<std::unique_ptr<int>> boxed() { co_return std::make_unique<int>(1); }

weft::Coro<void> waits() {
    auto task = weft::create_task(boxed());
    co_await weft::gather(task);
}

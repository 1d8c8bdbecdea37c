// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/virtual_loop.hpp>

#include <cstddef>

#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/virtual_clock.hpp>

namespace weft::testing {

VirtualLoop::VirtualLoop() : loop_(make_virtual_backend()) {
    loop_.set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
        reports_.push_back(context.message);
    });
}

VirtualLoop::~VirtualLoop() { loop_.close(); }

std::size_t VirtualLoop::task_count() noexcept {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& task : loop_.tasks()) ++count;
    return count;
}

bool VirtualLoop::cancel_at(int k, const AnyTask& task) {
    while (!task.done() && k-- > 0) loop_.run_one_turn();
    const bool cancelled = task.cancel();
    if (!task.done()) loop_.run_until_done(task);
    if (!task.cancelled()) static_cast<void>(task.exception());  // retrieved
    return cancelled;
}

bool VirtualLoop::has_work() noexcept {
    return !loop_.ready().empty() || !loop_.timers().empty() || !loop_.inbox()->empty();
}

void VirtualLoop::run_turns(int turns) {
    for (; turns > 0 && has_work(); --turns) loop_.run_one_turn();
}

void VirtualLoop::settle() {
    while (has_work()) loop_.run_one_turn();
}

}  // namespace weft::testing

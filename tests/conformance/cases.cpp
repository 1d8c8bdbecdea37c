// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

namespace conformance {
namespace {

std::mutex captured_mutex;
std::vector<LogCapture::Entry> captured;

}  // namespace

std::unique_ptr<EventLoop> new_virtual_loop() {
    return std::make_unique<EventLoop>(make_virtual_backend());
}

std::vector<const Case*>& Case::all() {
    static std::vector<const Case*> cases;
    return cases;
}

Json Case::run_in_loop(How how, Coro<Json> coro) {
    return run(
        std::move(coro),
        {.debug = how.debug, .loop_factory = how.real_time ? new_event_loop : new_virtual_loop});
}

Coro<> spin(int n) {
    for (int i = 0; i < n; ++i) co_await sleep(0s);
}

Coro<> sl(Delay delay) { co_await sleep(delay); }
Coro<std::string> sl(Delay delay, std::string value) {
    co_await sleep(delay);
    co_return value;
}
Coro<int> sl(Delay delay, int value) {
    co_await sleep(delay);
    co_return value;
}

int divide(int dividend, int divisor) {
    if (divisor == 0) throw ZeroDivisionError("division by zero");
    return dividend / divisor;
}

Json keys_of(const ExceptionContext& context) {
    Json::List keys;  // in the order of sorted()
    if (context.exception) keys.emplace_back("exception");
    if (!context.future.empty()) keys.emplace_back("future");
    if (!context.handle.empty()) keys.emplace_back("handle");
    if (!context.message.empty()) keys.emplace_back("message");
    // weft tells the place always.
    if (context.source && get_running_loop().get_debug()) keys.emplace_back("source_traceback");
    if (!context.task.empty()) keys.emplace_back("task");
    return Json(std::move(keys));
}

LogCapture::LogCapture()
    : before_(set_log_hook([](LogLevel level, std::string_view text) noexcept {
          const std::lock_guard lock(captured_mutex);
          captured.push_back({level, std::string(text)});
      })) {}

LogCapture::~LogCapture() { set_log_hook(before_); }

std::vector<LogCapture::Entry> LogCapture::entries() const {
    const std::lock_guard lock(captured_mutex);
    return captured;
}

void ThreadEvent::set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
}

bool ThreadEvent::wait(Delay timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout.get(), [this] { return set_; });
}

bool ThreadEvent::is_set() { return wait(0s); }

void rethrow(const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
}

}  // namespace conformance

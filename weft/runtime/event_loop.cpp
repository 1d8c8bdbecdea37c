// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/event_loop.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <weft/base/await_chain.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/log.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/async_generator.hpp>  // IWYU pragma: keep (the list of generators)
#include <weft/runtime/backend.hpp>
#include <weft/runtime/debug_mode.hpp>
#include <weft/runtime/debug_table.hpp>
#include <weft/runtime/executor.hpp>  // IWYU pragma: keep (shut down in close())
#include <weft/runtime/future.hpp>
#include <weft/runtime/inbox.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/processor_clock.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/signal_watch.hpp>
#include <weft/runtime/signals.hpp>
#include <weft/runtime/stall_watch.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/timer_set.hpp>
#include <weft/runtime/watched_fd.hpp>

namespace weft {
namespace internal {

constinit thread_local EventLoop* running_loop [[gnu::tls_model("initial-exec")]] = nullptr;

bool is_open(const EventLoop* loop) noexcept { return OpenLoops::contains(loop); }

void throw_no_running_loop() { throw RuntimeError("no running event loop"); }

}  // namespace internal

namespace {

// How long I/O and timers may wait while callbacks are ready: so many callbacks, or so long.
constexpr std::uint32_t callbacks_between_polls_max = 64;
constexpr Nanoseconds time_between_polls_max = std::chrono::microseconds(200);
// A look at the processor's clock costs as much as a turn of one callback. While callbacks are
// short there are fewer of them: those that turn long then hold timers up by so many at most.
constexpr std::uint32_t callbacks_between_glances_max = 16;
constexpr Nanoseconds short_stretch = std::chrono::microseconds(10);

// In the child of a fork that a callback or task made: the loop is its parent's. Nothing of the
// child finds it any more, and its run ends with this callback. fork() and exec() at once come to
// no harm.
void leave_loop_to_parent() noexcept {
    static const std::exception_ptr forked = std::make_exception_ptr(
        RuntimeError("this process is a fork, made inside a running event loop, which stays with "
                     "the parent: make a new one here, or exec"));
    if (EventLoop* loop = std::exchange(internal::running_loop, nullptr)) {
        loop->end_run_with(forked);
    }
}

void watch_for_forks() {
    static const int failed = pthread_atfork(nullptr, nullptr, leave_loop_to_parent);
    if (failed != 0) throw OSError("pthread_atfork: " + std::string(std::strerror(failed)));
}

}  // namespace

EventLoop::EventLoop(std::unique_ptr<Backend> backend)
    : coarse_time_(backend->now()),
      backend_(std::move(backend)),
      inbox_(std::make_shared<internal::Inbox>(*backend_)),
      backend_name_(backend_->name().data()),
      is_real_time_(backend_->is_real_time()),
      process_(getpid()) {
    watch_for_forks();
    set_debug(internal::debug_wanted());
    internal::OpenLoops::add(*this);
}

EventLoop::~EventLoop() {
    check(!is_running(), "an EventLoop was destroyed while it runs");
    close();
}

// ---- running

void EventLoop::check_may_run() const {
    if (closed_) throw_closed();
    if (is_running()) throw RuntimeError("This event loop is already running");
    if (internal::running_loop) {
        throw RuntimeError("Cannot run the event loop while another loop is running");
    }
    check_not_forked();
}

bool EventLoop::is_of_parent() const noexcept { return getpid() != process_; }

void EventLoop::check_not_forked() const {
    if (is_of_parent()) {
        throw RuntimeError("this event loop belongs to process " + std::to_string(process_) +
                           " and cannot be used in its fork " + std::to_string(getpid()) +
                           ": make a new one there, or exec");
    }
}

void EventLoop::check_usable_slow() const {
    if (closed_) throw_closed();
    check_not_forked();
    check_thread();
}

void EventLoop::check_thread() const {
    const std::thread::id runs_in = thread_.load(std::memory_order_relaxed);
    if (runs_in != std::thread::id() && runs_in != std::this_thread::get_id()) {
        throw RuntimeError(
            "Non-thread-safe operation invoked on an event loop other than the current one");
    }
}

void EventLoop::throw_closed() { throw RuntimeError("Event loop is closed"); }

void EventLoop::run_forever() {
    check_may_run();
    run();
}

// Makes the loop the running one of this thread while it lives.
class EventLoop::Running {
public:
    explicit Running(EventLoop& loop) : loop_(loop) {
        loop.thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        loop.kernel_thread_ = gettid();
        internal::running_loop = &loop;
        if (loop.is_real_time_) internal::StallWatch::add(loop);
    }
    ~Running() {
        loop_.callback_ = nullptr;
        if (loop_.is_real_time_) internal::StallWatch::remove(loop_);
        loop_.stopping_ = false;
        internal::running_loop = nullptr;
        loop_.kernel_thread_ = 0;
        loop_.thread_.store(std::thread::id(), std::memory_order_relaxed);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    EventLoop& loop_;
};

// Inlined where the loop spins: a turn of one callback is the commonest.
[[gnu::always_inline]] inline void EventLoop::run_turn() {
    if (ready_.empty() || callbacks_since_poll_ >= callbacks_at_glance_) poll_if_due();
    if (!inbox_->empty()) inbox_->drain(ready_);
    std::size_t batch = ready_.size();
    callbacks_since_poll_ += static_cast<std::uint32_t>(batch);
    while (batch-- > 0 && !ending_) {
        internal::ReadyNode& node = ready_.pop();
        callback_ = &node;
        if (debug_) [[unlikely]] {
            run_timed(node);
        } else {
            node.kind->run(node);
        }
    }
}

void EventLoop::run_one_turn() {
    check_may_run();
    {
        const Running running(*this);
        run_turn();
    }
    if (ending_) std::rethrow_exception(std::exchange(ending_, nullptr));
}

void EventLoop::run() {
    {
        const Running running(*this);
        do {
            run_turn();
        } while (!ending_ && !stopping_);
    }
    if (ending_) std::rethrow_exception(std::exchange(ending_, nullptr));
}

void EventLoop::report_deadlock() {
    std::string text = "deadlock: nothing can wake what waits";
    for (const internal::TaskBase& task : tasks_) {
        text += "\n  " + task.describe();
        if (const internal::Op* op = task.waiting_for()) {
            text += " waits for " + std::string(op->name());
        }
    }
    throw RuntimeError(text);
}

void EventLoop::run_until_done(const AnyFuture& future) {
    check_may_run();
    if (&future.get_loop() != this) {
        throw ValueError("The future belongs to a different loop than the one specified");
    }
    const auto stop_when_done = future.add_done_callback([this] { stop(); });
    try {
        run();
    } catch (...) {
        future.remove_done_callback(stop_when_done);
        // The caller gets what ended the run; the future's own error is no news then.
        if (future.done() && !future.cancelled()) future.state()->mark_retrieved();
        throw;
    }
    future.remove_done_callback(stop_when_done);
    if (!future.done()) throw RuntimeError("Event loop stopped before Future completed.");
}

void EventLoop::poll_if_due() {
    if (ready_.empty() || callbacks_since_poll_ >= callbacks_between_polls_max || glance()) {
        poll(ready_.empty() && !stopping_);
    }
}

// Looks at the processor's clock: is it time to poll? Then says when to look again.
bool EventLoop::glance() noexcept {
    const std::uint64_t ticks = internal::processor_ticks();
    const bool was_short = ticks - last_glance_ticks_ < clock_.ticks_in(short_stretch);
    callbacks_between_glances_ =
        was_short ? std::min(2 * callbacks_between_glances_, callbacks_between_glances_max) : 1;
    callbacks_at_glance_ =
        std::min(callbacks_since_poll_ + callbacks_between_glances_, callbacks_between_polls_max);
    last_glance_ticks_ = ticks;
    return ticks >= poll_due_ticks_;
}

void EventLoop::poll(bool may_wait) {
    callback_ = nullptr;
    TimePoint until = TimePoint::min();
    // Whoever pushes from now on wakes the backend, unless this sees the message first.
    if (may_wait && inbox_->fall_asleep()) until = timers_.next();
    const bool waited = backend_->wait(until);
    inbox_->awake();
    internal::StallWatch::loop_woke();
    if (!waited) report_deadlock();
    deliver_signals();
    const TimePoint now = backend_->now();
    timers_.expire(now, ready_);
    callbacks_since_poll_ = 0;
    callbacks_at_glance_ = 0;
    poll_due_ = Delay(time_between_polls_max).after(now);
    clock_.set(now);
    coarse_time_ = internal::CoarseTime(now);
    poll_due_ticks_ = clock_.ticks_at(std::min(poll_due_, timers_.next()));
}

void EventLoop::add_timer(internal::Timer& timer, TimePoint when) noexcept {
    timers_.add(timer, when);
    if (when >= poll_due_) return;
    poll_due_ticks_ = std::min(poll_due_ticks_, clock_.ticks_at(when));
    callbacks_at_glance_ = 0;
}

void EventLoop::end_run_with(std::exception_ptr error) noexcept {
    if (!ending_) ending_ = std::move(error);
}

void EventLoop::set_debug(bool on) noexcept {
    debug_ = on;
    if (on) internal::debug_mode_seen.store(true, std::memory_order_relaxed);
}

void EventLoop::run_timed(internal::ReadyNode& node) {
    if (node.kind->is == internal::NodeIs::task) {
        static_cast<internal::TaskBase&>(node).check_referent(__builtin_frame_address(0));
    }
    // What ran is described before, since it may be gone afterwards.
    std::string what = node.kind->describe(node);
    const TimePoint start = time();
    node.kind->run(node);
    const Nanoseconds took = time() - start;
    if (took >= slow_callback_duration) {
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.3f", std::chrono::duration<double>(took).count());
        log(LogLevel::warning, "Executing " + what + " took " + seconds + " seconds");
    }
}

void EventLoop::close() {
    if (is_running()) throw RuntimeError("Cannot close a running event loop");
    if (closed_) return;
    closed_ = true;
    internal::OpenLoops::remove(*this);
    inbox_->close();
    while (!fallback_handlers_.empty()) {
        set_fallback_handler(fallback_handlers_.back().signal, nullptr, false);
    }
    while (!signal_handlers_.empty()) remove_signal_handler(signal_handlers_.back().signal);
    while (internal::SignalWatch* watch = signal_watches_.pop_front()) {
        update_claim(watch->signal);
        watch->loop_closes();
    }
    // Tasks that were not ended by cancelling them (Runner does that) are destroyed as they
    // stand: destructors run, nothing else. Their frames unlink themselves from timers and locks,
    // so queued nodes must be gone first.
    drop_queued();
    // The child of a fork has copies of these, but the kernel's side of them is the parent's.
    if (!is_of_parent()) {
        for (auto& watched : watched_) internal::WatchedFd::stop(std::move(watched), *backend_);
        backend_->cancel_all();
    }
    while (!resources_.empty()) resources_.front().loop_closes();
    drop_queued();
    watched_.clear();
    awaited_outside_.clear();
    // The youngest first, since tasks borrow from those that made them. What their destructors
    // release may wake others: these are freed only after the queue was emptied.
    List<internal::TaskBase> ended;
    while (!tasks_.empty()) {
        internal::TaskBase& task = tasks_.back();
        task.ListNode::unlink();
        ended.push_back(task);
        task.destroy_frames();
    }
    drop_queued();
    while (internal::TaskBase* task = ended.pop_front()) {
        task->drop_links();
        task->release();
    }
    drop_queued();
    if (default_executor_) default_executor_->shutdown(false);
}

void EventLoop::drop_queued() noexcept {
    while (!ready_.empty()) {
        internal::ReadyNode& node = ready_.pop();
        node.kind->drop(node);
    }
    while (internal::Timer* timer = timers_.pop_any()) timer->kind->drop(*timer);
}

// ---- errors

void EventLoop::call_exception_handler(const ExceptionContext& context) noexcept {
    try {
        if (handler_) {
            const ExceptionHandler handler = handler_;  // it may replace itself
            try {
                handler(*this, context);
                return;
            } catch (...) {
                std::exception_ptr error = std::current_exception();
                if (is_loop_ending(error)) return end_run_with(std::move(error));
                log(LogLevel::error, "Unhandled error in exception handler\n" + describe(error) +
                                         "\nwhile it was told: " + context.message);
                return;
            }
        }
        default_exception_handler(context);
    } catch (...) {
        log(LogLevel::error, "Exception in default exception handler");
    }
}

void EventLoop::default_exception_handler(const ExceptionContext& context) {
    std::string text =
        context.message.empty() ? "Unhandled exception in event loop" : context.message;
    for (const auto& [label, value] :
         {std::pair<const char*, const std::string&>{"future", context.future},
          {"task", context.task},
          {"handle", context.handle}}) {
        if (!value.empty()) text += std::string("\n") + label + ": " + value;
    }
    if (context.source) {
        text += std::string("\nmade at ") + context.source->file_name() + ":" +
                std::to_string(context.source->line());
    }
    if (context.exception) text += "\n" + describe(context.exception);
    if (!context.await_chain.empty()) {
        text += "\n" + format_await_chain(context.await_chain);
        text.pop_back();
    }
    log(LogLevel::error, text);
}

// ---- futures that other threads end

std::uint64_t EventLoop::expect_from_outside(Ref<internal::FutureBase> future) {
    const std::uint64_t ticket = ++last_ticket_;
    awaited_outside_.emplace(ticket, std::move(future));
    backend_->outside_work(+1);
    return ticket;
}

Ref<internal::FutureBase> EventLoop::arrived_from_outside(std::uint64_t ticket) {
    backend_->outside_work(-1);
    return std::move(awaited_outside_.extract(ticket).mapped());
}

// ---- descriptors

void EventLoop::watch(IoKind kind, int fd, std::function<void()> function) {
    check_usable();
    check_not_forked();
    auto watched = std::make_unique<internal::WatchedFd>(*this, kind, fd, std::move(function));
    // Before the submit: the descriptor of the old watch may have been closed and its number be
    // another's, which the backend sees only when it begins anew.
    unwatch(kind, fd);
    backend_->submit(*watched);
    watched_.push_back(std::move(watched));
}

bool EventLoop::unwatch(IoKind kind, int fd) {
    if (closed_) return false;
    const auto at =
        std::ranges::find_if(watched_, [=](const std::unique_ptr<internal::WatchedFd>& watched) {
            const IoOperation& operation = *watched;
            return operation.kind == kind && operation.fd == fd;
        });
    if (at == watched_.end()) return false;
    check_not_forked();
    std::unique_ptr<internal::WatchedFd> watched = std::move(*at);
    watched_.erase(at);
    internal::WatchedFd::stop(std::move(watched), *backend_);
    return true;
}

// ---- signals

// Claims the signal for whoever wants it, or gives it back.
void EventLoop::update_claim(int signal) {
    const auto is_of_it = [=](const auto& one) { return one.signal == signal; };
    const auto fallback = std::ranges::find_if(fallback_handlers_, is_of_it);
    bool is_wanted = std::ranges::any_of(signal_handlers_, is_of_it);
    for (const internal::SignalWatch& watch : signal_watches_) is_wanted |= is_of_it(watch);
    if (is_wanted) {
        internal::claim_signal(signal, *inbox_);
    } else if (fallback != fallback_handlers_.end()) {
        internal::claim_signal(signal, *inbox_, fallback->insistent);
    } else {
        internal::release_signal(signal, *inbox_);
    }
}

void EventLoop::set_signal_handler(int signal, std::function<void()> function) {
    check_usable();
    internal::claim_signal(signal, *inbox_);
    const auto at = std::ranges::find(signal_handlers_, signal, &SignalHandler::signal);
    if (at != signal_handlers_.end()) {
        at->function = std::move(function);
    } else {
        signal_handlers_.push_back({signal, std::move(function)});
    }
}

bool EventLoop::remove_signal_handler(int signal) {
    const auto is_of_it = [=](const SignalHandler& one) { return one.signal == signal; };
    if (std::erase_if(signal_handlers_, is_of_it) == 0) return false;
    update_claim(signal);
    return true;
}

void EventLoop::set_fallback_handler(int signal, std::function<void()> function, bool insistent) {
    std::erase_if(fallback_handlers_, [=](const auto& one) { return one.signal == signal; });
    if (function) fallback_handlers_.push_back({signal, insistent, std::move(function)});
    update_claim(signal);
}

void EventLoop::watch_signal(internal::SignalWatch& watch) {
    check_usable();
    internal::claim_signal(watch.signal, *inbox_);
    signal_watches_.push_back(watch);
}

void EventLoop::unwatch_signal(internal::SignalWatch& watch) noexcept {
    watch.unlink();
    update_claim(watch.signal);
}

void EventLoop::tell_watches(int signal) noexcept {
    for (internal::SignalWatch& watch : signal_watches_) {
        if (watch.signal == signal) watch.signalled();
    }
}

void EventLoop::deliver_signals() {
    for (const SignalHandler& handler : signal_handlers_) {
        if (!internal::take_signal(handler.signal, *inbox_)) continue;
        call_soon(handler.function);
        tell_watches(handler.signal);
    }
    for (const internal::SignalWatch& watch : signal_watches_) {
        if (internal::take_signal(watch.signal, *inbox_)) tell_watches(watch.signal);
    }
    // By index: a handler may end the run, but adds and removes none.
    for (std::size_t i = 0; i < fallback_handlers_.size(); ++i) {
        const FallbackHandler& fallback = fallback_handlers_[i];
        if (internal::take_signal(fallback.signal, *inbox_)) fallback.function();
    }
}

}  // namespace weft

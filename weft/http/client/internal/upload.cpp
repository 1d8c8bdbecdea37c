// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/upload.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/internal/upload_sink.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>

namespace weft::http::internal {
namespace {

constexpr std::chrono::seconds continue_wait(1);

}  // namespace

// What the task and the exchange share.
class Upload::State : public std::enable_shared_from_this<State> {
public:
    State(std::unique_ptr<UploadSink> sink, std::unique_ptr<PayloadReader> body,
          UploadOptions options)
        : out_(std::move(sink)), body_(std::move(body)), options_(std::move(options)) {}

    static Coro<void> run(std::shared_ptr<State> state);

    [[nodiscard]] bool awaits_continue() const noexcept { return options_.awaits_continue; }
    void go_on() noexcept {
        options_.awaits_continue = false;
        may_go_on_.set();
    }
    void stop() noexcept { is_stopped_ = true; }
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
    [[nodiscard]] std::optional<TimePoint> sent_at() const noexcept { return sent_at_; }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

private:
    Coro<void> send();
    Coro<void> wait_for_continue();
    void flush_soon();
    void complete();

    std::unique_ptr<UploadSink> out_;
    std::unique_ptr<PayloadReader> body_;
    UploadOptions options_;
    Event may_go_on_;
    bool flushes_soon_ = false;
    bool is_stopped_ = false;
    bool is_complete_ = false;
    std::optional<TimePoint> sent_at_;
    std::exception_ptr error_;
};

// Whatever it ends with is for the exchange to tell, which may be gone by then.
Coro<void> Upload::State::run(std::shared_ptr<State> state) {
    const auto sending = [&]() -> Coro<void> {
        co_await transparent;
        co_await state->send();
    };
    const auto closing = [&]() -> Coro<void> {
        co_await transparent;
        co_await state->body_->aclose();
    };
    const auto sent = co_await as_result(try_finally(sending, closing));
    if (!state->sent_at_) state->sent_at_ = get_running_loop().time();
    if (sent || state->is_stopped_) co_return;
    state->error_ = sent.error();
    state->out_->abort();
}

Coro<void> Upload::State::send() {
    co_await transparent;
    if (options_.awaits_continue) co_await wait_for_continue();
    for (std::uint64_t settled = 0;;) {
        flush_soon();
        const BytesView piece = co_await body_->next();
        if (piece.empty()) break;
        out_->write(piece);
        if (options_.tell_sent) options_.tell_sent(piece);
        if (out_->is_full()) complete();  // only a source that has too much goes on
        if (std::exchange(settled, out_->given()) == out_->given()) continue;
        const TimeLimit limit("sock_write", options_.sock_write, get_running_loop().time());
        if (!co_await within(limit, out_->has_drained())) co_return;
        if (is_complete_) sent_at_ = get_running_loop().time();
        co_await sleep(Nanoseconds::zero());  // a source that never waits must not keep the loop
    }
    out_->finish();
    complete();
    sent_at_ = get_running_loop().time();
}

// A server that says nothing wants the body.
Coro<void> Upload::State::wait_for_continue() {
    co_await transparent;
    out_->flush();
    co_await as_result(wait_for(may_go_on_.wait(), continue_wait));
    options_.awaits_continue = false;
}

// What is gathered waits for more no longer than the loop's turn.
void Upload::State::flush_soon() {
    if (!out_->has_gathered() || std::exchange(flushes_soon_, true)) return;
    get_running_loop().call_soon([state = shared_from_this()] {
        state->flushes_soon_ = false;
        state->out_->flush();
    });
}

void Upload::State::complete() {
    out_->flush();
    is_complete_ = true;
}

Upload::Upload(std::unique_ptr<UploadSink> sink, std::unique_ptr<PayloadReader> body,
               UploadOptions options)
    : state_(std::make_shared<State>(std::move(sink), std::move(body), std::move(options))),
      task_(create_task(State::run(state_))) {}

Upload::~Upload() { stop(); }

bool Upload::awaits_continue() const noexcept { return state_->awaits_continue(); }
void Upload::go_on() noexcept { state_->go_on(); }

void Upload::stop() noexcept {
    state_->stop();
    task_.cancel();
}

bool Upload::is_complete() const noexcept { return state_->is_complete(); }

TimePoint Upload::sent_at() const { return state_->sent_at().value_or(get_running_loop().time()); }

std::exception_ptr Upload::error() const noexcept { return state_->error(); }

}  // namespace weft::http::internal

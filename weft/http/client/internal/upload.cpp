// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/upload.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/wire/http1_writer.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>

namespace weft::http::internal {
namespace {

constexpr std::chrono::seconds continue_wait(1);

// Writes a body as the head has announced it.
class BodyWriter {
public:
    BodyWriter(const StreamWriter& writer, std::optional<std::uint64_t> size) noexcept
        : writer_(writer), size_(size) {}

    void write(BytesView piece) {
        if (!size_) return write_chunk(piece);
        if (piece.size() > *size_ - sent_) throw_other_size("more");
        sent_ += piece.size();
        writer_.write(piece);
    }
    /// Whether nothing more is to come, which only a length tells.
    [[nodiscard]] bool is_full() const noexcept { return size_ == sent_; }
    void finish() {
        if (size_ && sent_ < *size_) throw_other_size(std::to_string(sent_));
        if (size_) return;
        Bytes end;
        wire::write_last_chunk(end);
        writer_.write(end);
    }

private:
    void write_chunk(BytesView piece) {
        Bytes begin;
        wire::write_chunk_begin(begin, piece.size());
        writer_.writelines({begin, piece, wire::chunk_end});
    }
    [[noreturn]] void throw_other_size(const std::string& came) const {
        throw ValueError("the body of the request has " + came + " bytes, announced were " +
                         std::to_string(*size_));
    }

    const StreamWriter& writer_;
    std::optional<std::uint64_t> size_;
    std::uint64_t sent_ = 0;
};

// Returns: whether there is still a connection. Its end is for the reader to notice: the server may
// have answered before.
Coro<bool> has_drained(const StreamWriter& writer) {
    co_await transparent;
    const auto drained = co_await as_result(writer.drain());
    if (!drained && !holds<OSError>(drained.error())) std::rethrow_exception(drained.error());
    co_return drained.has_value();
}

}  // namespace

struct Upload::State {
    std::unique_ptr<PayloadReader> body;
    std::optional<Delay> sock_write;
    bool awaits_continue;
    std::function<void(BytesView)> tell_sent;
    Event may_go_on;
    bool is_stopped = false;
    bool is_complete = false;
    std::optional<TimePoint> sent_at;
    std::exception_ptr error;

    void complete() {
        is_complete = true;
        if (!sent_at) sent_at = get_running_loop().time();
    }
};

Upload::Upload(StreamWriter writer, std::unique_ptr<PayloadReader> body,
               std::optional<Delay> sock_write, bool awaits_continue,
               std::function<void(BytesView)> tell_sent)
    : state_(std::make_shared<State>(std::move(body), sock_write, awaits_continue,
                                     std::move(tell_sent))),
      task_(create_task(run(state_, std::move(writer)))) {}

Upload::~Upload() { stop(); }

bool Upload::awaits_continue() const noexcept { return state_->awaits_continue; }

void Upload::go_on() noexcept {
    state_->awaits_continue = false;
    state_->may_go_on.set();
}

void Upload::stop() noexcept {
    state_->is_stopped = true;
    task_.cancel();
}

bool Upload::is_complete() const noexcept { return state_->is_complete; }
TimePoint Upload::sent_at() const { return state_->sent_at.value_or(get_running_loop().time()); }
std::exception_ptr Upload::error() const noexcept { return state_->error; }

// Whatever it ends with is for the exchange to tell, which may be gone by then.
Coro<void> Upload::run(std::shared_ptr<State> state, StreamWriter writer) {
    const auto sending = [&]() -> Coro<void> {
        co_await transparent;
        co_await send(*state, writer);
    };
    const auto closing = [&]() -> Coro<void> {
        co_await transparent;
        co_await state->body->aclose();
    };
    const auto sent = co_await as_result(try_finally(sending, closing));
    if (!state->sent_at) state->sent_at = get_running_loop().time();
    if (!sent && !state->is_stopped) {
        state->error = sent.error();
        writer.abort();
    }
}

Coro<void> Upload::send(State& state, const StreamWriter& writer) {
    co_await transparent;
    // A server that says nothing wants the body.
    if (state.awaits_continue) {
        co_await as_result(wait_for(state.may_go_on.wait(), continue_wait));
        state.awaits_continue = false;
    }
    BodyWriter out(writer, state.body->size());
    for (;;) {
        const BytesView piece = co_await state.body->next();
        if (piece.empty()) break;
        out.write(piece);
        if (state.tell_sent) state.tell_sent(piece);
        // There is no need to wait for anything then but for a source that has too much.
        if (out.is_full()) {
            state.complete();
            continue;
        }
        const TimeLimit limit("sock_write", state.sock_write, get_running_loop().time());
        if (!co_await within(limit, has_drained(writer))) co_return;
    }
    out.finish();
    state.complete();
}

}  // namespace weft::http::internal

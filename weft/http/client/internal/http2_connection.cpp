// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/http2_connection.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/wire/http2/http2_client.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/io/stream.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>

namespace weft::http::internal {
namespace {

// Above this much that the system has not taken, nothing more is made to be sent.
constexpr std::size_t unsent_bytes_max = std::size_t{64} * 1024;

}  // namespace

Http2Connection::Http2Connection(const StreamPair& stream, EventLoop& loop,
                                 const wire::H2Limits& limits, Delay ping_timeout)
    : loop_(loop),
      ping_timeout_(ping_timeout),
      reader_(stream.first),
      writer_(stream.second),
      client_(limits) {}

Http2Connection::~Http2Connection() { answer_timer_.cancel(); }

// What the task that reads has of a connection, which ends with it: also one that ends before it has
// begun, as a loop is closed.
class Http2Connection::Reading {
public:
    explicit Reading(Http2Connection& connection) noexcept : connection_(&connection) {}
    Reading(Reading&&) noexcept = default;
    Reading& operator=(Reading&&) = delete;
    ~Reading() {
        if (connection_) connection_->fail(connection_->is_gone(), Farewell::none);
    }
    Http2Connection* operator->() const noexcept { return connection_.get(); }

private:
    Ref<Http2Connection> connection_;  // null: moved from
};

void Http2Connection::start() {
    create_task(read(Reading(*this)), {.name = "http2"});
    expect_answer();
    flush_soon();
}

// ---- in

Coro<void> Http2Connection::read(Reading reading) {
    co_await transparent;
    while (!reading->error_) {
        const auto data = co_await as_result(reading->reader_.peek());
        if (!data) reading->fail(data.error(), Farewell::none);
        if (!data || data->empty()) break;
        reading->take(*data);
    }
}

void Http2Connection::take(BytesView data) {
    const std::size_t size = data.size();
    const auto taken = client_.receive_data(data, loop_.time());
    take_events();
    reader_.skip(size);
    if (has_settings_ && std::exchange(awaits_answer_, false)) {
        answer_timer_.cancel();
        room_has_changed_ = true;
    }
    flush();
    if (!taken) {
        fail(std::make_exception_ptr(ClientPayloadError(describe(taken.error()))), Farewell::said);
    }
    if (std::exchange(room_has_changed_, false) && watcher) watcher->room_has_changed();
}

void Http2Connection::take_events() {
    while (auto event = client_.next_event()) take_event(*event);
}

void Http2Connection::take_event(wire::H2Event& event) {
    using enum wire::H2EventType;
    if (event.type == settings) has_settings_ = room_has_changed_ = true;
    if (event.type == goaway) goes_for_ = event.code;
    const auto at = streams_.find(event.stream);
    if (at == streams_.end()) return;
    Http2Stream& stream = *at->second;
    stream.is_heard |= event.type != wants_data;
    switch (event.type) {
        case informational:
            stream.says_continue |= event.head.status == 100;
            break;
        case head:
            stream.head = std::move(event.head);
            stream.body_length = event.body_length;
            break;
        case data:
            stream.body += event.data;
            break;
        case end:
            stream.is_over = true;
            break;
        case wants_data:
            stream.is_taken = true;
            break;
        case reset:
            stream.is_reset = true;
            stream.needs_http1 = event.code == wire::H2Code::http_1_1_required;
            stream.is_refused = event.is_refused || stream.needs_http1;
            stream.error = std::make_exception_ptr(ClientPayloadError(
                "the server has reset the stream: " + wire::name_of(event.code)));
            break;
        case failed:
            stream.error = std::make_exception_ptr(ClientPayloadError(describe(*event.error)));
            break;
        default:
            return;
    }
    if (stream.is_over || stream.error) streams_.erase(at);
    stream.changed.set();
}

std::exception_ptr Http2Connection::is_gone() const {
    std::string text = "the server closed the connection without a response";
    if (goes_for_ != wire::H2Code::no_error) text += ": " + wire::name_of(goes_for_);
    return std::make_exception_ptr(ServerDisconnectedError(text));
}

// What streams have got so far stays theirs.
void Http2Connection::fail(std::exception_ptr error, Farewell farewell) noexcept {
    if (error_) return;
    error_ = std::move(error);
    answer_timer_.cancel();
    for (const auto& [id, stream] : std::exchange(streams_, {})) {
        stream->is_refused = id > sent_;
        stream->error = error_;
        stream->changed.set();
    }
    try {
        if (farewell == Farewell::said && !loop_.is_closed()) flush();
    } catch (...) {  // no memory to say why
    }
    writer_.close();
    writer_.abort();
}

// ---- out

void Http2Connection::flush_soon() {
    if (error_ || std::exchange(flush_is_due_, true)) return;
    // What is begun in one turn leaves together.
    loop_.call_soon([self = Ref<Http2Connection>(this)] { self->flush(); });
}

void Http2Connection::flush() {
    flush_is_due_ = false;
    while (!is_draining_ && client_.has_data_to_send()) {
        out_.clear();
        client_.data_to_send(out_, unsent_bytes_max);
        take_events();
        if (out_.empty()) return;
        writer_.write(out_);
        sent_ = begun_;
        if (writer_.get_write_buffer_size() < unsent_bytes_max || error_) continue;
        is_draining_ = true;
        create_task(drain(Ref<Http2Connection>(this)), {.name = "http2 drain"});
    }
}

// That the connection is lost, the task that reads finds out.
Coro<void> Http2Connection::drain(Ref<Http2Connection> self) {
    co_await transparent;
    const auto drained = co_await as_result(self->writer_.drain());
    self->is_draining_ = false;
    if (drained) self->flush();
}

// ---- streams

void Http2Connection::open(Http2Stream& stream, const wire::H2RequestHead& head, bool ends) {
    if (!is_open()) {
        // It has ended since the stream was lent: nothing was sent.
        stream.is_refused = true;
        stream.error = error_ ? error_ : is_gone();
        return;
    }
    stream.id = begun_ = client_.send_request(head, {.ends = ends});
    streams_.emplace(stream.id, &stream);
    flush_soon();
}

void Http2Connection::send_data(Http2Stream& stream, Bytes data, bool ends) {
    if (!streams_.contains(stream.id)) return;
    stream.is_taken = data.empty();
    client_.send_data(stream.id, std::move(data), ends);
    flush_soon();
}

void Http2Connection::acknowledge(const Http2Stream& stream, std::size_t bytes) {
    if (error_ || bytes == 0) return;
    client_.acknowledge_received_data(stream.id, bytes);
    if (client_.has_data_to_send()) flush_soon();
}

void Http2Connection::let_go(Http2Stream& stream) noexcept {
    if (streams_.erase(stream.id) == 0) return;
    try {
        client_.reset_stream(stream.id, wire::H2Code::cancel);
        flush_soon();
    } catch (...) {  // no memory: then the connection ends, and the stream with it
        fail(std::current_exception(), Farewell::none);
    }
}

void Http2Connection::end_stream(Http2Stream& stream, std::exception_ptr why) noexcept {
    let_go(stream);
    if (!stream.error) stream.error = std::move(why);
    stream.changed.set();
}

void Http2Connection::probe() noexcept {
    if (error_ || awaits_answer_) return;
    try {
        client_.ping();
        flush_soon();
        expect_answer();
    } catch (...) {
        fail(std::current_exception(), Farewell::none);
    }
}

void Http2Connection::expect_answer() {
    awaits_answer_ = true;
    answer_timer_ = loop_.call_later(ping_timeout_, [this] {
        const Ref<Http2Connection> alive(this);
        fail(
            std::make_exception_ptr(ServerDisconnectedError("the server does not answer any more")),
            Farewell::none);
    });
}

void Http2Connection::say_goodbye() noexcept {
    try {
        client_.close_connection();
    } catch (...) {  // no memory to be polite
    }
    fail(is_gone(), Farewell::said);
}

}  // namespace weft::http::internal

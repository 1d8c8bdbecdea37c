// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/internal/h2_session.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <nghttp2/nghttp2.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/time.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>

// Weak: not all versions have it.
extern "C" [[gnu::weak]] void nghttp2_option_set_max_continuations(nghttp2_option*, std::size_t);

namespace weft::http::wire::internal {
namespace {

template <auto del>
struct Deleter {
    void operator()(auto* object) const noexcept { del(object); }
};
using Options = std::unique_ptr<nghttp2_option, Deleter<nghttp2_option_del>>;
using CallbackTable =
    std::unique_ptr<nghttp2_session_callbacks, Deleter<nghttp2_session_callbacks_del>>;

// All of libnghttp2's other errors are impossible where this is called.
void check_result(long result, const char* why) {
    if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    check(result >= 0, why);
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(bytes), size};
}

bool ends_stream(const nghttp2_frame_hd& head) noexcept {
    return (head.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

Options make_options() {
    nghttp2_option* made = nullptr;
    check_result(nghttp2_option_new(&made), "no options of libnghttp2");
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_no_http_messaging(made, 1);  // ResponseReader has stricter rules
    nghttp2_option_set_no_closed_streams(made, 1);
    // Whether headers are too long, the peer knows best.
    nghttp2_option_set_max_send_header_block_length(made, std::size_t{1} << 20);
    // FrameGuard counts them, too. libnghttp2 1.52 as Debian 12 has it counts each call that finds
    // none as one more, and so refuses headers that come slowly.
    if (nghttp2_option_set_max_continuations != nullptr) {
        nghttp2_option_set_max_continuations(made, std::numeric_limits<std::size_t>::max());
    }
    return Options(made);
}

}  // namespace

// What C calls: each goes on in a member, and no exception comes back.
struct H2Session::Callbacks {
    static H2Session& self(void* data) noexcept { return *static_cast<H2Session*>(data); }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* data) noexcept {
        const H2StreamId stream = frame->hd.stream_id;
        return self(data).guard(
            [&](H2Session& session) { session.judge(stream, session.on_block_begin(stream)); });
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* data) noexcept {
        const H2StreamId stream = frame->hd.stream_id;
        return self(data).guard([&](H2Session& session) {
            session.judge(stream, session.on_field(stream, text_of(name, name_size),
                                                   text_of(value, value_size)));
        });
    }
    static int data_chunk(nghttp2_session* library, std::uint8_t, H2StreamId stream,
                          const std::uint8_t* bytes, std::size_t size, void* data) noexcept {
        return self(data).guard([&](H2Session& session) {
            check_result(nghttp2_session_consume_connection(library, size), "no window to open");
            session.judge(stream, session.on_data(stream, text_of(bytes, size)));
        });
    }
    static int frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* data) noexcept {
        return self(data).guard([&](H2Session& session) { session.frame_received(*frame); });
    }
    static int frame_send(nghttp2_session*, const nghttp2_frame* frame, void* data) noexcept {
        return self(data).guard([&](H2Session& session) { session.frame_sent(*frame); });
    }
    static int frame_not_send(nghttp2_session*, const nghttp2_frame* frame, int,
                              void* data) noexcept {
        return self(data).guard([&](H2Session& session) {
            if (frame->hd.type != NGHTTP2_HEADERS) return;
            session.on_reset(frame->hd.stream_id, H2Code::refused_stream);
            session.on_close(frame->hd.stream_id);
        });
    }
    static int stream_close(nghttp2_session*, H2StreamId stream, std::uint32_t code,
                            void* data) noexcept {
        return self(data).guard(
            [&](H2Session& session) { session.stream_closed(stream, H2Code(code)); });
    }
    static ssize_t body(nghttp2_session*, H2StreamId stream, std::uint8_t* room, std::size_t size,
                        std::uint32_t* flags, nghttp2_data_source*, void* data) noexcept {
        std::optional<std::size_t> filled;
        const int failed = self(data).guard([&](H2Session& session) {
            bool ends = false;
            filled = session.read_body(stream, {room, size}, ends);
            if (ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
        });
        if (failed != 0) return failed;
        return filled ? static_cast<ssize_t>(*filled) : ssize_t{NGHTTP2_ERR_DEFERRED};
    }

    static CallbackTable table() {
        nghttp2_session_callbacks* made = nullptr;
        check_result(nghttp2_session_callbacks_new(&made), "no callbacks of libnghttp2");
        nghttp2_session_callbacks_set_on_begin_headers_callback(made, begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(made, header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, data_chunk);
        nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame_recv);
        nghttp2_session_callbacks_set_on_frame_send_callback(made, frame_send);
        nghttp2_session_callbacks_set_on_frame_not_send_callback(made, frame_not_send);
        nghttp2_session_callbacks_set_on_stream_close_callback(made, stream_close);
        return CallbackTable(made);
    }
};

template <class F>
int H2Session::guard(F body) noexcept {
    try {
        body(*this);
        return 0;
    } catch (...) {
        thrown_ = std::current_exception();
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
}

H2Session::H2Session(const H2Limits& limits) : limits_(limits), frames_(limits) {
    constexpr std::size_t window_max = std::numeric_limits<std::int32_t>::max();
    check(limits.stream_window_bytes > 0 && limits.stream_window_bytes <= window_max &&
              limits.connection_window_bytes > 0 && limits.connection_window_bytes <= window_max,
          "a window is of 1 byte to 2 GiB");
    const Options options = make_options();
    const CallbackTable table = Callbacks::table();
    check_result(nghttp2_session_client_new2(&session_, table.get(), this, options.get()),
                 "no session of libnghttp2");
}

H2Session::~H2Session() { nghttp2_session_del(session_); }

// ---- in

std::expected<void, H2Error> H2Session::receive(BytesView data, TimePoint now) {
    if (error_) return std::unexpected(*error_);
    if (is_over()) return {};
    const auto passed = frames_.pass(data, now);
    give_to_library(data.substr(0, passed.bytes));
    if (passed.problem && !error_) {
        fail(*passed.problem, code_for(*passed.problem));
        append_goaway(error_->code);
    }
    if (!error_) return {};
    if (!is_over()) return std::unexpected(*error_);
    is_closing_ = true;
    error_.reset();
    return {};
}

// What comes now is for nobody.
bool H2Session::is_over() const noexcept { return peer_goes_away_ && !awaits_anything(); }

void H2Session::give_to_library(BytesView data) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data.data());
    const ssize_t result = nghttp2_session_mem_recv(session_, bytes, data.size());
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    if (result < 0) {
        fail_as(result);
        append_goaway(error_->code);
    } else if (nghttp2_session_check_request_allowed(session_) == 0) {
        find_own_goaway();
    }
}

void H2Session::frame_received(const nghttp2_frame& frame) {
    if (is_over()) return;
    const nghttp2_frame_hd& head = frame.hd;
    switch (head.type) {
        case NGHTTP2_HEADERS:
            judge(head.stream_id, on_block_end(head.stream_id, ends_stream(head)));
            break;
        case NGHTTP2_DATA:
            break;
        case NGHTTP2_RST_STREAM:
            return on_reset(head.stream_id, H2Code(frame.rst_stream.error_code));
        case NGHTTP2_SETTINGS:
            if ((head.flags & NGHTTP2_FLAG_ACK) == 0) on_settings();
            return;
        case NGHTTP2_PING:
            if ((head.flags & NGHTTP2_FLAG_ACK) != 0) on_pong();
            return;
        case NGHTTP2_GOAWAY:
            peer_goes_away_ = true;
            return on_goaway(H2Code(frame.goaway.error_code));
        default:
            return;
    }
    if (ends_stream(head)) judge(head.stream_id, on_end(head.stream_id));
}

void H2Session::stream_closed(H2StreamId stream, H2Code code) {
    if (code == H2Code::refused_stream && peer_goes_away_) {
        on_reset(stream, code);
    } else {
        // Not where the message is over, nor where the peer has reset it.
        on_fault(stream, H2Error(H2Problem::broken_protocol, code));
    }
    on_close(stream);
}

void H2Session::judge(H2StreamId stream, const Judged& judged) {
    if (judged) return;
    reset(stream, judged.error().code);
    on_fault(stream, judged.error());
}

void H2Session::fail(H2Problem problem, H2Code code, std::string_view culprit) {
    error_ = H2Error(problem, code, culprit);
}

// What nghttp2_session_mem_recv() has refused.
void H2Session::fail_as(long result) {
    if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    if (result == NGHTTP2_ERR_FLOODED) {
        return fail(H2Problem::too_many_barren_frames, H2Code::enhance_your_calm);
    }
    if (result == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
        return fail(H2Problem::too_many_continuations, H2Code::enhance_your_calm);
    }
    fail(H2Problem::broken_protocol, H2Code::protocol_error,
         nghttp2_strerror(static_cast<int>(result)));
}

// By hand: a session that has failed takes no more orders. The last stream of the peer's is 0, none.
void H2Session::append_goaway(H2Code code) {
    constexpr std::size_t number_bytes = 4;
    const std::array<char, 9> head = {0, 0, 2 * number_bytes, NGHTTP2_GOAWAY, 0, 0, 0, 0, 0};
    unsent_.append(head.data(), head.size()).append(number_bytes, '\0');
    for (unsigned shift = 32; shift > 0; shift -= 8) {
        unsent_ += static_cast<char>(std::to_underlying(code) >> (shift - 8));
    }
}

// Where libnghttp2 has ended the connection on its own, its GOAWAY says why. That stands before all
// frames of streams.
void H2Session::find_own_goaway() {
    constexpr std::size_t type_at = 3;
    // A peer that goes away as well may send much and take nothing of what is made here.
    constexpr std::size_t unsent_bytes_max = std::size_t{64} * 1024;
    while (!error_ && !is_closing_ && unsent_.size() < unsent_bytes_max) {
        const std::size_t begin = unsent_.size();
        if (append_frame(unsent_) == 0) return;
        const auto type = static_cast<std::uint8_t>(unsent_[begin + type_at]);
        if (type == NGHTTP2_DATA || type == NGHTTP2_HEADERS) return;
    }
}

// ---- out

void H2Session::send(Bytes& out, std::size_t bytes_max) {
    out += std::exchange(unsent_, Bytes());
    while (!error_ && out.size() < bytes_max && append_frame(out) > 0) {
    }
}

// Returns how many bytes.
std::size_t H2Session::append_frame(Bytes& out) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    // A GOAWAY of libnghttp2's own is still to be sent, and is told of by frame_sent() as an error.
    if (size > 0) out += text_of(bytes, static_cast<std::size_t>(size));
    if (size < 0 && !error_) check_result(size, "libnghttp2 cannot write a frame");
    return size > 0 ? static_cast<std::size_t>(size) : 0;
}

void H2Session::frame_sent(const nghttp2_frame& frame) {
    const auto type = frame.hd.type;
    if (type == NGHTTP2_HEADERS || type == NGHTTP2_DATA) frames_.frame_sent();
    if (type != NGHTTP2_GOAWAY || frame.goaway.error_code == NGHTTP2_NO_ERROR) return;
    fail(H2Problem::broken_protocol, H2Code(frame.goaway.error_code),
         text_of(frame.goaway.opaque_data, frame.goaway.opaque_data_len));
}

bool H2Session::has_data_to_send() const noexcept {
    return !unsent_.empty() || (!error_ && nghttp2_session_want_write(session_) != 0);
}

nghttp2_data_provider H2Session::body_reader() noexcept {
    return {.source = {.ptr = nullptr}, .read_callback = Callbacks::body};
}

// Of a stream that is gone there is no window to open, and nothing happens.
void H2Session::acknowledge(H2StreamId stream, std::size_t bytes) {
    if (error_) return;
    const int result = nghttp2_session_consume_stream(session_, stream, bytes);
    check_result(result, "more of a body was read than came");
}

void H2Session::reset(H2StreamId stream, H2Code code) {
    if (error_) return;
    const int result =
        nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, std::to_underlying(code));
    check_result(result, "a stream that cannot be reset");
}

void H2Session::ping() {
    if (error_) return;
    check_result(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr), "no ping");
}

void H2Session::close() {
    if (is_closing()) return;
    is_closing_ = true;
    check_result(nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR), "no goodbye");
}

}  // namespace weft::http::wire::internal

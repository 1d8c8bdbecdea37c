// SPDX-License-Identifier: Apache-2.0
#include <bench/http/client/server/http2_connection.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <bench/http/client/server/authority.hpp>
#include <bench/http/client/server/checked.hpp>
#include <bench/http/client/server/target.hpp>
#include <nghttp2/nghttp2.h>
#include <openssl/types.h>
#include <sys/types.h>

namespace bench {
namespace {

// As nginx has it by default, and more than any client here needs.
constexpr std::uint32_t streams_max = 128;

nghttp2_nv field(std::string_view name, std::string_view value) {
    const auto bytes_of = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {.name = bytes_of(name),
            .value = bytes_of(value),
            .namelen = name.size(),
            .valuelen = value.size(),
            .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

// What a stream keeps: how much of its body is left.
std::size_t body_left(nghttp2_session* session, std::int32_t stream) {
    return reinterpret_cast<std::size_t>(nghttp2_session_get_stream_user_data(session, stream));
}
void set_body_left(nghttp2_session* session, std::int32_t stream, std::size_t size) {
    nghttp2_session_set_stream_user_data(session, stream, reinterpret_cast<void*>(size));
}

ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* into,
                  std::size_t room, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                  void* /*user*/) {
    const std::size_t left = body_left(session, stream);
    const std::size_t size = std::min(left, room);
    std::memset(into, 'x', size);
    set_body_left(session, stream, left - size);
    if (size == left) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
}

int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
              std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes,
              std::uint8_t /*flags*/, void* /*user*/) {
    const auto text = [](const std::uint8_t* data, std::size_t size) {
        return std::string_view(reinterpret_cast<const char*>(data), size);
    };
    if (text(name, name_bytes) != ":path") return 0;
    const auto size = size_asked_for(text(value, value_bytes));
    if (!size || *size > small_body_bytes_max) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    set_body_left(session, frame->hd.stream_id, *size);
    return 0;
}

int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* /*user*/) {
    const bool is_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!is_request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const std::string size = std::to_string(body_left(session, frame->hd.stream_id));
    const auto fields =
        std::to_array({field(":status", "200"), field("server", server_name), field("date", date),
                       field("content-type", content_type), field("content-length", size)});
    const nghttp2_data_provider body{.source = {}, .read_callback = read_body};
    return nghttp2_submit_response(session, frame->hd.stream_id, fields.data(), fields.size(),
                                   &body);
}

nghttp2_session* make_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    checked(nghttp2_session_callbacks_new(&callbacks), "nghttp2_session_callbacks_new");
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session* session = nullptr;
    checked(nghttp2_session_server_new(&session, callbacks, nullptr), "nghttp2_session_server_new");
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry setting{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams_max};
    checked(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &setting, 1), "the settings");
    return session;
}

}  // namespace

Http2Connection::Http2Connection(int fd, SSL_CTX* tls, Authority& authority)
    : line_(fd, tls, authority), session_(make_session()) {}

// What there is before the end is all read before.
bool Http2Connection::serve(bool /*has_ended*/) { return receive_all() && send_all(); }

bool Http2Connection::receive_all() {
    for (;;) {
        const ssize_t count = line_.receive(received_);
        if (count < 0) return errno == EAGAIN;
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(received_.data());
        const auto size = static_cast<std::size_t>(count);
        if (count == 0 || nghttp2_session_mem_recv(session_.get(), bytes, size) < 0) return false;
    }
}

bool Http2Connection::send_all() {
    for (;;) {
        if (sent_ == sending_.size()) collect();
        if (sending_.empty()) return nghttp2_session_want_read(session_.get()) != 0;
        const ssize_t count = line_.send(std::string_view(sending_).substr(sent_));
        if (count < 0) return errno == EAGAIN;
        sent_ += static_cast<std::size_t>(count);
    }
}

void Http2Connection::collect() {
    sending_.clear();
    sent_ = 0;
    const std::uint8_t* frames = nullptr;
    while (sending_.size() < record_bytes) {
        const ssize_t count = nghttp2_session_mem_send(session_.get(), &frames);
        if (count <= 0) return;
        sending_.append(reinterpret_cast<const char*>(frames), static_cast<std::size_t>(count));
    }
}

}  // namespace bench

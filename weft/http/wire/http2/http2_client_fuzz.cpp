// SPDX-License-Identifier: Apache-2.0
// Goal:   whatever comes, a client finds the same however it is cut, keeps within its limits, and
//         what it sends is frames.
// Method: the first bytes choose limits, how many requests there are, and where the rest is cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_feed_test.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>

namespace weft::http::wire {
namespace {

H2Listener client_for(std::uint8_t how) {
    H2Limits limits;
    if ((how & 1) != 0) {
        limits = {.message = {.field_bytes_max = 30,
                              .fields_max = 4,
                              .fields_bytes_max = 80,
                              .informational_max = 2},
                  .streams_max = 3,
                  .stream_window_bytes = 100,
                  .connection_window_bytes = 65'535,
                  .continuations_max = 2,
                  .barren_frames_max = 10};
    }
    H2Listener listener(limits);
    listener.requests(how >> 1 & 3);
    if ((how & 8) != 0) listener.request(Method::head);
    if ((how & 16) != 0) {
        const H2StreamId stream = listener.request(Method::post, {}, false);
        // Less than H2Session::find_own_goaway() looks through: behind more, it finds an error later.
        listener.client().send_data(stream, Bytes((how & 32) != 0 ? 40'000 : 10, 'x'), true);
    }
    return listener;
}

// All but when a body has left, which depends on how the bytes are cut.
std::string heard_by(const H2Listener& listener) {
    constexpr std::string_view left = " wants data|";
    std::string text = listener.text();
    for (std::size_t at = text.find(left); at != std::string::npos; at = text.find(left)) {
        const std::size_t before = text.rfind('|', at);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        text.erase(begin, at + left.size() - begin);
    }
    return text;
}

void play(BytesView data) {
    if (data.size() < 2) return;
    const auto how = static_cast<std::uint8_t>(data[0]);
    const auto piece = static_cast<std::uint8_t>(data[1]);
    data.remove_prefix(2);
    H2Listener whole = client_for(how);
    whole.feed(data);
    H2Listener pieces = client_for(how);
    pieces.feed_in_pieces(data, piece == 0 ? 1 : piece);
    check(heard_by(whole) == heard_by(pieces), "pieces make a difference");
    static_cast<void>(whole.take_sent());
    check(whole.client().open_streams() <= 5, "streams that nobody has asked for");
    check(!whole.error() || !whole.client().may_open_stream(), "a connection that failed is used");
}

}  // namespace
}  // namespace weft::http::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::wire::play({reinterpret_cast<const char*>(data), size});
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// As much of HTTP as a stream needs to talk to a browser's and a server's like.
#include <cstddef>
#include <string>
#include <string_view>

#include "pattern.hpp"
#include "say.hpp"
#include "talks.hpp"

#include <weft/base/bytes.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::interop {
namespace {

std::size_t content_length(const Bytes& head) {
    constexpr std::string_view name = "\r\nContent-Length: ";
    const std::size_t at = head.find(name);
    expect(at != Bytes::npos, "no Content-Length in " + head);
    return std::stoul(head.substr(at + name.size()));
}

std::string ok(std::size_t length) {
    return "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

}  // namespace

Coro<void> answer_http(StreamReader reader, StreamWriter writer, std::size_t) {
    const Bytes head = co_await reader.readuntil("\r\n\r\n");
    const std::string_view get = "GET /";
    if (head.starts_with(get)) {
        const std::size_t count = std::stoul(head.substr(get.size()));
        writer.write(ok(count));
        co_await send_pattern(writer, count);
        say("gave " + std::to_string(count) + " bytes");
    } else {
        const auto length = static_cast<std::ptrdiff_t>(content_length(head));
        const Bytes body = co_await reader.readexactly(length);
        expect(is_pattern(body), "other bytes than were sent");
        const std::string report = "got " + std::to_string(length) + " bytes";
        writer.write(ok(report.size()) + report);
        co_await writer.drain();
        say(report);
    }
}

Coro<void> ask_http(StreamReader reader, StreamWriter writer, std::size_t count) {
    for (const char* connection : {"keep-alive", "keep-alive", "close"}) {
        writer.write("GET /" + std::to_string(count) +
                     " HTTP/1.1\r\nHost: weft\r\nConnection: " + connection + "\r\n\r\n");
        co_await writer.drain();
        const Bytes head = co_await reader.readuntil("\r\n\r\n");
        expect(head.starts_with("HTTP/1.1 200 "), head);
        expect(content_length(head) == count, head);
        const Bytes body = co_await reader.readexactly(static_cast<std::ptrdiff_t>(count));
        expect(is_pattern(body), "other bytes than were asked for");
    }
    expect((co_await reader.read()).empty(), "more than was asked for");
    say("got " + std::to_string(count) + " bytes three times");
}

}  // namespace weft::interop

// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "pattern.hpp"
#include "say.hpp"
#include "talks.hpp"
#include "tls.hpp"

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>

namespace weft::interop {
namespace {

Coro<void> echo(StreamReader reader, StreamWriter writer, std::size_t) {
    Sender sender(writer);
    std::size_t total = 0;
    for (;;) {
        const Bytes piece = co_await reader.read(piece_bytes);
        if (piece.empty()) break;
        total += piece.size();
        co_await sender.send(piece);
    }
    say("echoed " + std::to_string(total) + " bytes");
}

// Both directions at once: an echo that nobody reads would stop.
Coro<void> exchange(StreamReader reader, StreamWriter writer, std::size_t count) {
    const auto send_and_end = [&]() -> Coro<void> {
        co_await send_pattern(writer, count);
        if (writer.can_write_eof()) writer.write_eof();
    };
    const auto ends = co_await gather(receive_pattern(reader), send_and_end());
    expect(std::get<0>(ends) == count, "not all came back");
    say("exchanged " + std::to_string(count) + " bytes");
}

// The other end answers after it has seen the end of this direction.
Coro<void> send(StreamReader reader, StreamWriter writer, std::size_t count) {
    co_await send_pattern(writer, count);
    writer.write_eof();
    const Bytes answer = co_await reader.read();
    say("sent " + std::to_string(count) + " bytes, answered by '" + answer + "'");
}

// Answers after the other end's direction has ended.
Coro<void> receive(StreamReader reader, StreamWriter writer, std::size_t) {
    co_await hold_up_the_other_end(reader, writer);
    const std::size_t count = co_await receive_pattern(reader);
    const std::string report = "received " + std::to_string(count) + " bytes";
    writer.write(report);
    co_await writer.drain();
    say(report);
}

Bytes in_capitals(Bytes text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

Coro<void> shout(StreamReader reader, StreamWriter writer, std::size_t) {
    const Separators ends{"\r\n", "\n"};
    std::size_t lines = 0;
    try {
        for (;; ++lines) {
            const Bytes line = co_await reader.readuntil(ends);
            writer.write(in_capitals(line));
            co_await writer.drain();
        }
    } catch (const IncompleteReadError& end) {
        say("answered " + std::to_string(lines) + " lines; the rest was '" + end.partial() + "'");
    } catch (const LimitOverrunError&) {
        say("answered " + std::to_string(lines) + " lines; the next is too long");
    }
}

// The other end sends each line back.
Coro<void> ask(StreamReader reader, StreamWriter writer, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const Bytes line = Bytes(i * 7, '.') + std::to_string(i) + "\n";
        writer.write(line);
        co_await writer.drain();
        expect(co_await reader.readline() == line, "another line came back");
    }
    writer.can_write_eof() ? writer.write_eof() : writer.close();
    expect((co_await reader.read()).empty(), "more came back");
    say(std::to_string(count) + " lines came back");
}

// The server's side of an upgrade, as SMTP and its like have it.
Coro<void> shout_protected(StreamReader reader, StreamWriter writer, std::size_t) {
    expect(co_await reader.readline() == "STARTTLS\n", "no STARTTLS");
    writer.write("go ahead\n");
    co_await writer.start_tls(server_context());
    co_await shout(reader, writer, 0);
}

Coro<void> ask_protected(StreamReader reader, StreamWriter writer, std::size_t count) {
    writer.write("STARTTLS\n");
    expect(co_await reader.readline() == "go ahead\n", "no leave to go ahead");
    co_await writer.start_tls(client_context(), {.server_hostname = "localhost"});
    co_await ask(reader, writer, count);
}

constexpr std::pair<std::string_view, Talk> talks[] = {
    {"echo", echo},
    {"exchange", exchange},
    {"send", send},
    {"receive", receive},
    {"shout", shout},
    {"ask", ask},
    {"http", answer_http},
    {"get", ask_http},
    {"shout-protected", shout_protected},
    {"ask-protected", ask_protected},
};

}  // namespace

Talk talk_named(std::string_view name) {
    for (const auto& [known, talk] : talks) {
        if (known == name) return talk;
    }
    throw ValueError("there is no talk '" + std::string(name) + "'");
}

}  // namespace weft::interop

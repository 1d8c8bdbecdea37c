// SPDX-License-Identifier: Apache-2.0
// A TCP server and two clients: open_connection(), start_server().
#include <cctype>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/with_async.hpp>

using weft::Coro;

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

Coro<void> shout(weft::StreamReader reader, weft::StreamWriter writer) {
    while (auto line = co_await reader.next()) {
        writer.write(upper(*line));
        co_await writer.drain();
    }
    writer.close();
    co_await writer.wait_closed();
}

Coro<std::vector<std::string>> talk(int port, std::vector<std::string> words) {
    auto [reader, writer] = co_await weft::open_connection("127.0.0.1", port);
    for (const std::string& word : words) writer.write(word + "\n");
    co_await writer.drain();
    writer.write_eof();
    std::vector<std::string> answers;
    while (auto line = co_await reader.next()) {
        answers.push_back(line->substr(0, line->find('\n')));
    }
    writer.close();
    co_await writer.wait_closed();
    co_return answers;
}

Coro<void> async_main() {
    auto server = co_await weft::start_server(shout, "127.0.0.1", 0);
    const int port = server.sockets()[0].getsockname().port();
    co_await weft::with_async(server, [&]() -> Coro<void> {
        const auto [first, second] =
            co_await weft::gather(talk(port, {"one", "two"}), talk(port, {"three"}));
        fmt::print("{}\n{}\n", fmt::join(first, " "), fmt::join(second, " "));
    });

    try {
        co_await weft::open_connection("127.0.0.1", port);
    } catch (const weft::ConnectionRefusedError&) {
        fmt::print("nobody listens any more\n");
    }
}

int main() { return weft::main_of(async_main); }

// SPDX-License-Identifier: Apache-2.0
// The examples of files, signals and workers.
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/run_workers.hpp>
#include <weft/io/server.hpp>
#include <weft/io/signal_receiver.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/watch.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using testing::Trace;

// ---- watches

Coro<void> make_file(std::string path) {
    std::ofstream file(path);
    co_return;
}
Coro<void> remove_folder(std::string path) {
    std::filesystem::remove_all(path);
    co_return;
}
Coro<void> watch_once(std::string p, Trace& trace) {
    const auto making = create_task(make_file(p + "/new"));
    Watch changes(p);
    const auto some = co_await changes.next();
    for (const FileChange& one : some) trace(one.path.substr(p.size()));
}
Coro<void> watch_to_the_end(std::string folder, Trace& trace) {
    const auto removing = create_task(remove_folder(folder));
    Watch changes(folder);
    for (auto some = co_await changes.next(); !some.empty(); some = co_await changes.next()) {
        for (const FileChange& one : some) trace(one.path.substr(folder.size()));
    }
}
TEST(Watch, tells_of_changes) {
    const std::string folder = "/tmp/weft_docs_io_test_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder);
    Trace trace;
    run(watch_once(folder, trace));
    run(watch_to_the_end(folder, trace));
    EXPECT_EQ(trace.text(), "/new, /new, ");
}

// ---- signals

void raise_soon(int signal) {
    get_running_loop().call_soon([=] { ::raise(signal); });
}
Coro<void> receive_one(Trace& trace) {
    raise_soon(SIGTERM);
    SignalReceiver signals = open_signal_receiver({SIGTERM});
    const int s = co_await signals.next();
    trace(s == SIGTERM);
}
Coro<void> receive_some(Trace& trace) {
    raise_soon(SIGHUP);
    SignalReceiver signals = open_signal_receiver({SIGTERM, SIGHUP});
    for (;;) {
        const int signal = co_await signals.next();
        trace(signal == SIGHUP);
        break;
    }
}
TEST(SignalReceiver, gives_signals) {
    Trace trace;
    run(receive_one(trace));
    run(receive_some(trace));
    EXPECT_EQ(trace.text(), "true, true");
}

// ---- workers

Coro<void> handle(StreamReader, StreamWriter writer) {
    writer.write("hello");
    co_await writer.drain();
}
void serve(int port) {
    run_workers([&](std::size_t) -> Coro<void> {
        const Server server = co_await start_server(handle, "", port, {.reuse_port = true});
        co_await server.serve_forever();
    });
}
// Once somebody serves it.
void interrupt_who_serves(const std::stop_token& stop, const SocketAddress& address) {
    while (!stop.stop_requested()) {
        const Socket client(af_inet);
        const auto bytes = address.bytes();
        if (::connect(client.fileno(), reinterpret_cast<const sockaddr*>(bytes.data()),
                      static_cast<socklen_t>(bytes.size())) == 0) {
            ::kill(::getpid(), SIGINT);
            return;
        }
        std::this_thread::yield();
    }
}
TEST(RunWorkers, serve_until_ctrl_c) {
    Socket reserved(af_inet);
    reserved.set_reuse_port();
    reserved.bind({"0.0.0.0", 0});  // at no address is the port anybody else's
    const int port = reserved.getsockname().port();
    const std::jthread interrupter(
        [=](const std::stop_token& stop) { interrupt_who_serves(stop, {"127.0.0.1", port}); });
    EXPECT_THROW(serve(port), KeyboardInterrupt);
}

}  // namespace
}  // namespace weft

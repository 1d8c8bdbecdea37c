// SPDX-License-Identifier: Apache-2.0
#include <weft/io/subprocess.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>

#include <weft/base/at_end.hpp>
#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/process_state.hpp>
#include <weft/io/internal/spawn.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/internal/transport_wait.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/op.hpp>

namespace weft {
namespace {

using internal::Channel;
using internal::Flow;
using internal::ProcessHandle;
using internal::ProcessState;
using internal::StreamTransport;

constexpr internal::OpKind kind_of_wait = internal::DescriptorEventWait::kind_of("Process.wait");

std::optional<StreamReader> reader_of(Channel pipe, std::ptrdiff_t limit) {
    if (pipe.fileno() < 0) return std::nullopt;
    StreamReader reader(limit);
    static_cast<void>(StreamTransport::start(get_running_loop(), std::move(pipe), SocketAddress(),
                                             reader, Flow::receiving));
    return reader;
}

std::optional<StreamWriter> writer_of(Channel pipe) {
    if (pipe.fileno() < 0) return std::nullopt;
    return StreamWriter(StreamTransport::start(get_running_loop(), std::move(pipe), SocketAddress(),
                                               StreamReader(), Flow::sending));
}

// In another loop than its own nothing would wake the task.
void check_loop(const ProcessState& state) {
    if (!state.returncode() && &state.loop() != &get_running_loop()) {
        throw RuntimeError("Process is bound to a different event loop");
    }
}

// Kills the process unless the task gets to the end.
auto kill_unless_done(const ProcessHandle& process) noexcept {
    return AtEnd([&process] {
        if (process.kill_on_cancel) process.state().kill();
    });
}

Coro<int> wait_for_end(Ref<ProcessHandle> process) {
    co_await transparent;
    ProcessState& state = process->state();
    check_loop(state);
    auto kill = kill_unless_done(*process);
    co_await internal::TransportEvent<kind_of_wait>{state.ended(), state.descriptor()};
    kill.forget();
    co_return state.returncode().value();
}

// That the process reads no more, or that its input has ended before, is no error.
Coro<void> feed(std::optional<StreamWriter> stdin_, std::optional<Bytes> input) {
    if (!stdin_) co_return;
    const AtEnd close([&] { stdin_->close(); });
    if (!input) co_return;
    try {
        stdin_->write(*input);
    } catch (const RuntimeError&) {  // after write_eof()
        co_return;
    }
    try {
        co_await stdin_->drain();
    } catch (const BrokenPipeError&) {
    } catch (const ConnectionResetError&) {
    }
}

Coro<std::optional<Bytes>> read_all(std::optional<StreamReader> pipe) {
    if (!pipe) co_return std::nullopt;
    co_return co_await pipe->read();
}

Coro<std::pair<std::optional<Bytes>, std::optional<Bytes>>> communicate_with(
    Ref<ProcessHandle> process, std::optional<Bytes> input) {
    check_loop(process->state());
    auto kill = kill_unless_done(*process);
    auto [sent, out, err] =
        co_await gather_or_cancel(feed(process->stdin_, std::move(input)),
                                  read_all(process->stdout_), read_all(process->stderr_));
    co_await wait_for_end(process);
    kill.forget();
    co_return std::pair(std::move(out), std::move(err));
}

}  // namespace

Process::Process(Ref<internal::ProcessHandle> handle) noexcept : handle_(std::move(handle)) {}
Process::Process(const Process&) noexcept = default;
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}
Process::~Process() = default;

int Process::pid() const noexcept { return handle_->state().pid(); }
std::optional<int> Process::returncode() const noexcept { return handle_->state().returncode(); }
const std::optional<StreamWriter>& Process::stdin_() const noexcept { return handle_->stdin_; }
const std::optional<StreamReader>& Process::stdout_() const noexcept { return handle_->stdout_; }
const std::optional<StreamReader>& Process::stderr_() const noexcept { return handle_->stderr_; }
Coro<int> Process::wait() const { return wait_for_end(handle_); }
Coro<std::pair<std::optional<Bytes>, std::optional<Bytes>>> Process::communicate(
    std::optional<Bytes> input) const {
    return communicate_with(handle_, std::move(input));
}
void Process::send_signal(int signal) const { handle_->state().send_signal(signal); }
void Process::terminate() const { send_signal(SIGTERM); }
void Process::kill() const { send_signal(SIGKILL); }

Coro<Process> create_subprocess_exec(std::vector<std::string> program_and_arguments,
                                     SubprocessOptions options) {
    static_cast<void>(StreamReader(options.limit));  // refused before there is a child
    // Before there is a child that nobody would own.
    const Ref<ProcessHandle> handle(new ProcessHandle(
        Ref<ProcessState>(new ProcessState(get_running_loop())), options.kill_on_cancel));
    internal::Spawned spawned = internal::spawn(program_and_arguments, options);
    handle->state().watch(spawned.pid, spawned.pidfd);
    handle->stdin_ = writer_of(std::move(spawned.stdin_));
    handle->stdout_ = reader_of(std::move(spawned.stdout_), options.limit);
    handle->stderr_ = reader_of(std::move(spawned.stderr_), options.limit);
    co_return Process(handle);
}

Coro<Process> create_subprocess_shell(std::string command, SubprocessOptions options) {
    std::vector<std::string> arguments{"/bin/sh", "-c", std::move(command)};
    co_return co_await create_subprocess_exec(std::move(arguments), std::move(options));
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/process_state.hpp - a child process until its end is known, and the handle of
// those who use it.
//
// The loop owns the state until the process has ended, so that it is reaped whoever waits; the
// handles own the handle, whose end kills a process that still runs.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <sys/types.h>

#include <weft/base/ref.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/loop_resource.hpp>

namespace weft::internal {

class ProcessState final : private LoopResource {
public:
    explicit ProcessState(EventLoop& loop) noexcept : loop_(loop) {}
    /// Takes over a child that runs, with its pidfd if that came with it, else -1.
    /// Errors: OSError where it cannot be watched; it is killed then.
    void watch(pid_t pid, int pidfd);

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// The pidfd; -1 once it has ended.
    [[nodiscard]] int descriptor() const noexcept { return pidfd_ ? pidfd_->get() : -1; }
    [[nodiscard]] std::optional<int> returncode() const noexcept { return returncode_; }
    /// Set when it has ended.
    [[nodiscard]] Event& ended() noexcept { return ended_; }
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    /// Errors: as Process::send_signal()
    void send_signal(int signal);
    /// Where that is of no use, it does nothing.
    void kill() noexcept;

private:
    ~ProcessState() = default;
    [[nodiscard]] bool is_running() const noexcept;
    void reap() noexcept;
    void has_ended(std::optional<int> returncode) noexcept;
    void loop_closes() noexcept override;

    EventLoop& loop_;
    pid_t pid_ = -1;
    std::optional<FileDescriptor> pidfd_;  // while it runs
    Event ended_;
    std::optional<int> returncode_;
    std::uint32_t owners_ = 0;
};

class ProcessHandle {
public:
    ProcessHandle(Ref<ProcessState> state, bool kill_on_cancel) noexcept
        : kill_on_cancel(kill_on_cancel), state_(std::move(state)) {}
    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }
    [[nodiscard]] ProcessState& state() const noexcept { return *state_; }

    bool kill_on_cancel;
    std::optional<StreamWriter> stdin_;
    std::optional<StreamReader> stdout_;
    std::optional<StreamReader> stderr_;

private:
    ~ProcessHandle() { state_->kill(); }

    Ref<ProcessState> state_;
    std::uint32_t owners_ = 0;
};

}  // namespace weft::internal

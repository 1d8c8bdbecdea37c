// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/process_state.hpp>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/types.h>
#include <sys/wait.h>

// Before glibc 2.37 it does not say so itself.
extern "C" {
#include <sys/pidfd.h>
}

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/log.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::internal {
namespace {

// How long a loop that closes waits for a child that it has killed.
constexpr int death_milliseconds_max = 1000;
// As in asyncio, where somebody else has waited for a child of ours.
constexpr int returncode_unknown = 255;

int returncode_of(const siginfo_t& info) noexcept {
    return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

}  // namespace

Ref<ProcessState> ProcessState::watch(EventLoop& loop, pid_t pid) {
    Channel pidfd(::pidfd_open(pid, 0), Channel::Kind::file);
    const int error = errno;
    try {
        if (pidfd.fileno() < 0) throw_os_error(error, "process " + std::to_string(pid));
        const Ref<ProcessState> state(new ProcessState(loop, pid, std::move(pidfd)));
        loop.add_reader(state->pidfd_.fileno(), [raw = state.get()] { raw->reap(); });
        loop.resources().push_back(*state);
        state->retain();  // the loop's, until it has ended
        return state;
    } catch (...) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        throw;
    }
}

void ProcessState::send_signal(int signal) {
    if (returncode_) throw ProcessLookupError("process " + std::to_string(pid_) + " has ended");
    if (::pidfd_send_signal(pidfd_.fileno(), signal, nullptr, 0) == 0) return;
    if (errno == EINVAL) throw ValueError("there is no signal " + std::to_string(signal));
    throw_os_error(errno, "process " + std::to_string(pid_));
}

void ProcessState::kill() noexcept {
    if (!returncode_) static_cast<void>(::pidfd_send_signal(pidfd_.fileno(), SIGKILL, nullptr, 0));
}

void ProcessState::reap() noexcept {
    siginfo_t info{};
    const int result =
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.fileno()), &info, WEXITED | WNOHANG);
    if (result == 0 && info.si_pid == 0) return;  // not yet
    if (result != 0) {
        log(LogLevel::warning, "Unknown child process pid " + std::to_string(pid_) +
                                   ", will report returncode " +
                                   std::to_string(returncode_unknown));
    }
    returncode_ = result == 0 ? returncode_of(info) : returncode_unknown;
    ListNode::unlink();
    if (!loop_.is_closed()) loop_.remove_reader(pidfd_.fileno());
    pidfd_.close();
    ended_.set();
    release();  // the loop's
}

// Nobody waits for it any more.
void ProcessState::loop_closes() noexcept {
    ListNode::unlink();
    kill();
    pollfd death{.fd = pidfd_.fileno(), .events = POLLIN, .revents = 0};
    ::poll(&death, 1, death_milliseconds_max);
    siginfo_t info{};
    static_cast<void>(
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.fileno()), &info, WEXITED | WNOHANG));
    returncode_ = info.si_pid == 0 ? -SIGKILL : returncode_of(info);
    pidfd_.close();
    ended_.set();
    release();  // the loop's
}

}  // namespace weft::internal

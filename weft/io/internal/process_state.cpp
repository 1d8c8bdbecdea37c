// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/process_state.hpp>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
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
#include <weft/runtime/event_loop.hpp>

namespace weft::internal {
namespace {

// How long a loop that closes waits for a child that it has killed.
constexpr auto death_time_max = std::chrono::seconds(1);
// As in asyncio, where somebody else has waited for a child of ours.
constexpr int returncode_unknown = 255;

int returncode_of(const siginfo_t& info) noexcept {
    return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

// What is known of a child: how it has ended, unless somebody else has asked before.
struct Wait {
    bool is_over = false;
    std::optional<int> returncode = std::nullopt;
};
Wait wait_without_waiting(int pidfd, int more_flags = 0) noexcept {
    siginfo_t info{};
    int result = 0;
    do {
        result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | more_flags);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return {.is_over = true};
    if (info.si_pid == 0) return {};
    return {.is_over = true, .returncode = returncode_of(info)};
}

void wait_for_death(int pidfd) noexcept {
    const auto end = std::chrono::steady_clock::now() + death_time_max;
    pollfd death{.fd = pidfd, .events = POLLIN, .revents = 0};
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return;
        if (::poll(&death, 1, static_cast<int>(left.count())) >= 0 || errno != EINTR) return;
    }
}

// One that could not be watched. Its number is still its own unless somebody else has waited for it.
void kill_unwatched(pid_t pid) noexcept {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

void ProcessState::watch(pid_t pid, int pidfd) {
    pid_ = pid;
    const bool came_with_it = pidfd >= 0;
    const int fd = came_with_it ? pidfd : ::pidfd_open(pid, 0);
    // Somebody else was faster, such as a program that ignores SIGCHLD.
    if (fd < 0 && errno == ESRCH) return has_ended(std::nullopt);
    try {
        pidfd_.emplace(fd, "pidfd_open");
        if (!came_with_it) {  // the number may have become another process's
            const Wait seen = wait_without_waiting(fd, WNOWAIT);
            if (seen.is_over && !seen.returncode) return reap();
        }
        loop_.add_reader(fd, [this] { reap(); });
    } catch (...) {
        kill_unwatched(pid);
        pidfd_.reset();
        throw;
    }
    loop_.resources().push_back(*this);
    retain();  // the loop's, until it has ended
}

// In the child of a fork it is the parent's process.
bool ProcessState::is_running() const noexcept { return pidfd_ && !loop_.is_of_parent(); }

void ProcessState::send_signal(int signal) {
    if (!is_running()) {
        throw ProcessLookupError("process " + std::to_string(pid_) + " has ended");
    }
    if (::pidfd_send_signal(pidfd_->get(), signal, nullptr, 0) == 0) return;
    if (errno == EINVAL) throw ValueError("there is no signal " + std::to_string(signal));
    throw_os_error(errno, "process " + std::to_string(pid_));
}

void ProcessState::kill() noexcept {
    if (is_running()) static_cast<void>(::pidfd_send_signal(pidfd_->get(), SIGKILL, nullptr, 0));
}

void ProcessState::reap() noexcept {
    const Wait wait = wait_without_waiting(pidfd_->get());
    if (!wait.is_over) return;
    const bool is_watched = ListNode::linked();
    if (is_watched) {
        ListNode::unlink();
        loop_.remove_reader(pidfd_->get());
    }
    has_ended(wait.returncode);
    if (is_watched) release();  // the loop's
}

void ProcessState::has_ended(std::optional<int> returncode) noexcept {
    if (!returncode) {
        log(LogLevel::warning,
            "Unknown child process pid " + std::to_string(pid_) + ", will report returncode 255");
    }
    returncode_ = returncode.value_or(returncode_unknown);
    pidfd_.reset();
    ended_.set();
}

// Nobody waits for it any more.
void ProcessState::loop_closes() noexcept {
    ListNode::unlink();
    if (is_running()) {
        kill();
        wait_for_death(pidfd_->get());
        const Wait wait = wait_without_waiting(pidfd_->get());
        returncode_ = wait.is_over ? wait.returncode.value_or(returncode_unknown) : -SIGKILL;
    }
    pidfd_.reset();
    ended_.set();
    release();  // the loop's
}

}  // namespace weft::internal

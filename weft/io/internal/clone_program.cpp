// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/clone_program.hpp>

#include <optional>

#if defined(__x86_64__)
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace weft::internal {

#if defined(__x86_64__)
namespace {

// The kernel's sets of signals, and its action that is the default.
using Signals = std::uint64_t;
constexpr std::uint64_t default_action[4]{};

// The parent's memory is the child's, and the parent's thread waits. So the child calls nothing but
// the kernel: an errno, a lock, or what a sanitizer notes down would be the parent's.
#if defined(__clang__)
#define WEFT_IN_THE_CHILD [[clang::disable_sanitizer_instrumentation]]
#else
#define WEFT_IN_THE_CHILD [[gnu::no_sanitize("address", "thread", "undefined")]]
#endif

struct Child {
    const NewProgram::Duplicate* duplicates;
    std::size_t duplicate_count;
    const NewProgram::Range* closed;
    std::size_t closed_count;
    const NewProgram* program;
    bool has_group;
    int group;
    Signals mask = 0;
    // What it tells.
    int error = 0;
    bool cannot_close = false;
};

// The result, or a negative errno.
WEFT_IN_THE_CHILD [[gnu::always_inline]] inline long call(long number, long first = 0,
                                                          long second = 0, long third = 0,
                                                          long fourth = 0) noexcept {
    asm volatile("mov %[fourth], %%r10\n\tsyscall"
                 : "+a"(number)
                 : "D"(first), "S"(second), "d"(third), [fourth] "r"(fourth)
                 : "rcx", "r10", "r11", "memory");
    return number;
}

template <class T>
WEFT_IN_THE_CHILD [[gnu::always_inline]] inline long word(T* pointer) noexcept {
    return reinterpret_cast<long>(pointer);
}

// A negative errno where the child cannot become the program.
WEFT_IN_THE_CHILD [[gnu::always_inline]] inline long become(Child& child) noexcept {
    const NewProgram& program = *child.program;
    if (program.restores_signals) {
        for (const int signal : {SIGPIPE, SIGXFSZ}) {
            call(SYS_rt_sigaction, signal, word(default_action), 0, sizeof(Signals));
        }
    }
    if (program.starts_session) {
        if (const long result = call(SYS_setsid); result < 0) return result;
    }
    if (child.has_group) {
        if (const long result = call(SYS_setpgid, 0, child.group); result < 0) return result;
    }
    for (std::size_t i = 0; i < child.duplicate_count; ++i) {
        const auto [from, to] = child.duplicates[i];
        const long result =
            from == to ? call(SYS_fcntl, from, F_SETFD, 0) : call(SYS_dup2, from, to);
        if (result < 0) return result;
    }
    for (std::size_t i = 0; i < child.closed_count; ++i) {
        const auto [first, last] = child.closed[i];
        if (const long result = call(SYS_close_range, first, last); result < 0) {
            child.cannot_close = true;
            return result;
        }
    }
    if (program.folder) {
        if (const long result = call(SYS_chdir, word(program.folder)); result < 0) return result;
    }
    call(SYS_rt_sigprocmask, SIG_SETMASK, word(&child.mask), 0, sizeof(Signals));
    return call(SYS_execve, word(program.file), word(program.arguments), word(program.environment));
}

WEFT_IN_THE_CHILD [[gnu::noinline]] void run_child(Child* child) noexcept {
    child->error = static_cast<int>(-become(*child));
    for (;;) call(SYS_exit_group, 127);
}

// The child calls run_child() on the stack that `arguments` name. glibc 2.36 has no function for
// it.
long clone3(clone_args& arguments, Child& child) noexcept {
    long result = SYS_clone3;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"  // where its stack ends
        "mov %%rbx, %%rdi\n\t"
        "call *%%rdx\n\t"
        "ud2\n"
        "1:"
        : "+a"(result)
        : "D"(&arguments), "S"(sizeof arguments), "d"(&run_child), "b"(&child)
        : "rcx", "r11", "memory");
    return result;
}

// By its pidfd: somebody else may reap it, and its number be another's then.
void reap(int pidfd) noexcept {
    siginfo_t info;
    while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) < 0 && errno == EINTR) {
    }
}

// A sandbox that does not let the child close descriptors does not let the next one, either.
constinit std::atomic<bool> cannot_close{false};

}  // namespace

std::optional<ClonedProgram> clone_program(const NewProgram& program) noexcept {
    if (cannot_close.load(std::memory_order_relaxed)) return std::nullopt;
    constexpr std::size_t stack_bytes = std::size_t{16} * 1024;  // a few words are used
    alignas(16) std::byte stack[stack_bytes];
    Child child{.duplicates = program.duplicates.data(),
                .duplicate_count = program.duplicates.size(),
                .closed = program.closed.data(),
                .closed_count = program.closed.size(),
                .program = &program,
                .has_group = program.process_group.has_value(),
                .group = program.process_group.value_or(0)};
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    arguments.stack = reinterpret_cast<std::uintptr_t>(&stack);
    arguments.stack_size = sizeof stack;

    // A handler must not run in the child, and a signal that comes meanwhile is the parent's. Not
    // sigprocmask(), which leaves out those of the C library.
    const Signals all = ~Signals{0};
    call(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), word(&child.mask), sizeof(Signals));
    const long pid = clone3(arguments, child);
    call(SYS_rt_sigprocmask, SIG_SETMASK, word(&child.mask), 0, sizeof(Signals));

    if (pid == -ENOSYS || pid == -EPERM || pid == -EINVAL) return std::nullopt;
    if (pid < 0) return ClonedProgram{.error = static_cast<int>(-pid), .pid = -1, .pidfd = -1};
    if (child.error == 0) {
        return ClonedProgram{.error = 0, .pid = static_cast<pid_t>(pid), .pidfd = pidfd};
    }
    reap(pidfd);
    ::close(pidfd);
    if (child.cannot_close) {
        cannot_close.store(true, std::memory_order_relaxed);
        return std::nullopt;
    }
    return ClonedProgram{.error = child.error, .pid = -1, .pidfd = -1};
}

#else

std::optional<ClonedProgram> clone_program(const NewProgram&) noexcept { return std::nullopt; }

#endif

}  // namespace weft::internal

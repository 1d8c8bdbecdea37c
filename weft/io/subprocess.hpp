// SPDX-License-Identifier: Apache-2.0
// weft/io/subprocess.hpp - Process: another program, its pipes, and its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

namespace internal {
class ProcessHandle;
class ProcessState;
}  // namespace internal

namespace subprocess {

/// What one of the standard streams of a child is.
class Redirection {
public:
    enum class Kind : std::uint8_t { inherit, pipe, devnull, to_stdout, descriptor };
    constexpr Redirection(Kind kind) noexcept : kind_(kind) {}
    /// A descriptor of this process, which stays open.
    constexpr Redirection(int fd) noexcept : kind_(Kind::descriptor), fd_(fd) {}

    [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }

private:
    Kind kind_;
    int fd_ = -1;
};

/// That of this process; Python's None.
inline constexpr Redirection inherit{Redirection::Kind::inherit};
/// A pipe, at whose other end is a StreamReader or StreamWriter of the Process.
inline constexpr Redirection pipe{Redirection::Kind::pipe};
inline constexpr Redirection devnull{Redirection::Kind::devnull};
/// For `stderr_`: wherever `stdout_` goes. Python's subprocess.STDOUT.
inline constexpr Redirection to_stdout{Redirection::Kind::to_stdout};

}  // namespace subprocess

struct SubprocessOptions {
    subprocess::Redirection stdin_ = subprocess::inherit;
    subprocess::Redirection stdout_ = subprocess::inherit;
    subprocess::Redirection stderr_ = subprocess::inherit;
    std::ptrdiff_t limit = StreamReader::default_limit;  ///< of the readers
    std::optional<std::string> cwd = std::nullopt;       ///< where it begins
    /// Its whole environment; nullopt: that of this process.
    std::optional<std::map<std::string, std::string>> env = std::nullopt;
    std::vector<int> pass_fds = {};  ///< descriptors that it has, too; all others are closed
    bool start_new_session = false;  ///< setsid()
    std::optional<int> process_group = std::nullopt;  ///< 0: one of its own
    /// SIGPIPE and SIGXFSZ, which Python and weft ignore, kill it as usual.
    bool restore_signals = true;
    /// A wait() or communicate() that is cancelled, or fails, kills the process. (asyncio leaves it
    /// running.)
    bool kill_on_cancel = false;
};

/// A child process. A handle: copies are the same process, and when the last of them is gone while
/// the process runs, it is killed. The loop waits for its end whoever does, so that it stays no
/// zombie; a loop that is closed kills it, and waits for a second. In the child of a fork it is the
/// parent's.
///
/// Spec: asyncio.subprocess.Process.
class Process {
public:
    Process(const Process&) noexcept;
    Process(Process&&) noexcept;
    Process& operator=(Process) noexcept;
    ~Process();

    [[nodiscard]] int pid() const noexcept;
    /// How it ended: its exit code, or the negative number of the signal that killed it. Nothing
    /// while it runs. 255 where the program itself waits for its children, and was first.
    [[nodiscard]] std::optional<int> returncode() const noexcept;

    /// Its ends of the pipes; nothing where there is none.
    [[nodiscard]] const std::optional<StreamWriter>& stdin_() const noexcept;
    [[nodiscard]] const std::optional<StreamReader>& stdout_() const noexcept;
    [[nodiscard]] const std::optional<StreamReader>& stderr_() const noexcept;

    /// Waits for its end, and gives the returncode().
    ///
    /// With pipes, use communicate(): a process that fills one waits until somebody reads it.
    /// Errors:   RuntimeError in another loop than its own.
    /// Cancel:   safe; the process goes on, unless `kill_on_cancel`.
    /// Suspends: maybe; never once it has ended.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<int> wait() const;

    /// Writes `input` to its stdin and closes that, reads stdout and stderr to their ends, and waits
    /// for its end.
    ///
    /// Returns:  what came from stdout and stderr; nothing where there is no pipe.
    /// Errors:   OSError of a pipe. That the process reads no more is none.
    /// Cancel:   lossy: what was read is gone. The process goes on, unless `kill_on_cancel`.
    /// Suspends: always.
    /// Limits:   none: all that the process writes is kept in memory.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<
        std::pair<std::optional<Bytes>, std::optional<Bytes>>>
    communicate(std::optional<Bytes> input = std::nullopt) const;

    /// Errors: ProcessLookupError once it has ended; never another process's signal, though its
    ///         number be given anew. ValueError for no signal.
    void send_signal(int signal) const;
    /// Asks it to end: SIGTERM.
    void terminate() const;
    /// Ends it: SIGKILL.
    void kill() const;

    // Implementation.
    explicit Process(Ref<internal::ProcessHandle> handle) noexcept;

private:
    Ref<internal::ProcessHandle> handle_;
};

/// Starts a program: `co_await create_subprocess_exec({"git", "status"}, {.stdout_ = pipe})`.
///
/// A name without a slash is looked for in the PATH of its environment. The loop stands still until
/// the new program has begun, as in asyncio: a fraction of a millisecond.
/// Errors:   FileNotFoundError, PermissionError   the program, or `cwd`, which the text names
///           OSError      what the system refuses: no more descriptors, or processes
///           ValueError   no program, a null character in an argument, `=` in a name of `env`,
///                        subprocess::to_stdout for anything but stderr
/// Suspends: never.
/// Spec:     asyncio.create_subprocess_exec.
[[nodiscard]] Coro<Process> create_subprocess_exec(std::vector<std::string> program_and_arguments,
                                                   SubprocessOptions options = {});

/// The same for a command line of /bin/sh. What comes from outside must be quoted in it: no place
/// for that where create_subprocess_exec() will do.
/// Spec: asyncio.create_subprocess_shell.
[[nodiscard]] Coro<Process> create_subprocess_shell(std::string command,
                                                    SubprocessOptions options = {});

}  // namespace weft

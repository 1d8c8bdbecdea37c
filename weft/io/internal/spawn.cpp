// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/spawn.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/clone_program.hpp>
#include <weft/io/internal/null_free.hpp>
#include <weft/io/subprocess.hpp>

namespace weft::internal {
namespace {

using subprocess::Redirection;

constexpr int first_other_fd = STDERR_FILENO + 1;

void check(int error, const std::string& what) {
    if (error != 0) throw_os_error(error, what);
}

// ---- what is to be run

char* as_argument(const std::string& text) {
    check_null_free(text, "argument");
    return const_cast<char*>(text.c_str());
}

std::vector<char*> as_arguments(const std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (const std::string& text : texts) all.push_back(as_argument(text));
    all.push_back(nullptr);
    return all;
}

std::vector<std::string> as_texts(const std::map<std::string, std::string>& environment) {
    std::vector<std::string> all;
    for (const auto& [name, value] : environment) {
        if (name.empty() || name.find('=') != std::string::npos) {
            throw ValueError("'" + name + "' is no name of a variable of the environment");
        }
        all.push_back(name + "=" + value);
    }
    return all;
}

std::string search_path(const SubprocessOptions& options) {
    const std::string usual = "/usr/local/bin:/usr/bin:/bin";
    if (options.env) {
        const auto found = options.env->find("PATH");
        return found == options.env->end() ? usual : found->second;
    }
    const char* path = std::getenv("PATH");
    return path ? path : usual;
}

bool can_execute(const std::string& path) noexcept {
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

// The file of a program. Where there is none, that is said here, and not once there is a child.
std::string file_of(const std::string& program, const SubprocessOptions& options) {
    if (program.find('/') != std::string::npos) return program;
    int error = ENOENT;
    const std::string path = search_path(options);
    for (std::string_view rest = path;;) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        const std::string file = (folder.empty() ? "." : std::string(folder)) + "/" + program;
        // The child looks for it from the folder where it begins.
        const bool is_relative = !file.starts_with('/') && options.cwd;
        const std::string seen_from_here = is_relative ? *options.cwd + "/" + file : file;
        struct stat found{};
        if (::stat(seen_from_here.c_str(), &found) == 0 && S_ISREG(found.st_mode)) {
            if (can_execute(seen_from_here)) return file;
            error = EACCES;
        }
        if (folder.size() == rest.size()) break;
        rest.remove_prefix(folder.size() + 1);
    }
    throw_os_error(error, "'" + program + "'");
}

void check_folder(const std::string& folder) {
    struct stat found{};
    if (::stat(folder.c_str(), &found) != 0) throw_os_error(errno, "'" + folder + "'");
    if (!S_ISDIR(found.st_mode)) throw_os_error(ENOTDIR, "'" + folder + "'");
    if (!can_execute(folder)) throw_os_error(EACCES, "'" + folder + "'");
}

void check_descriptors(const std::vector<int>& fds) {
    for (const int fd : fds) {
        if (::fcntl(fd, F_GETFD) < 0) throw_os_error(errno, "descriptor " + std::to_string(fd));
    }
}

// ---- descriptors

Channel no_channel() { return {-1, Channel::Kind::pipe}; }

// Above the standard ones, which the child's are to become: none may be overwritten by another.
Channel above_standard(Channel channel) {
    if (channel.fileno() >= first_other_fd) return channel;
    const int fd = ::fcntl(channel.fileno(), F_DUPFD_CLOEXEC, first_other_fd);
    if (fd < 0) throw_os_error(errno, "a descriptor of a process");
    return {fd, Channel::Kind::pipe};
}

struct Ends {
    Channel ours = no_channel();
    Channel theirs = no_channel();
};

// Nobody waits at this side's end; the child's blocks, as a program expects.
Ends make_pipe(bool child_reads) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) throw_os_error(errno, "a pipe of a process");
    Channel reading(fds[0], Channel::Kind::pipe);
    Channel writing(fds[1], Channel::Kind::pipe);
    const int ours = child_reads ? fds[1] : fds[0];
    if (::fcntl(ours, F_SETFL, O_NONBLOCK | (child_reads ? O_WRONLY : O_RDONLY)) != 0) {
        throw_os_error(errno, "a pipe of a process");
    }
    return {.ours = above_standard(std::move(child_reads ? writing : reading)),
            .theirs = above_standard(std::move(child_reads ? reading : writing))};
}

Channel open_devnull() {
    const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) throw_os_error(errno, "'/dev/null'");
    return above_standard({fd, Channel::Kind::file});
}

Ends ends_of(const Redirection& redirection, bool child_reads) {
    if (redirection.kind() == Redirection::Kind::pipe) return make_pipe(child_reads);
    if (redirection.kind() == Redirection::Kind::devnull) return {.theirs = open_devnull()};
    if (redirection.kind() != Redirection::Kind::descriptor) return {};
    const int fd = ::fcntl(redirection.fd(), F_DUPFD_CLOEXEC, first_other_fd);
    if (fd < 0) throw_os_error(errno, "descriptor " + std::to_string(redirection.fd()));
    return {.theirs = Channel(fd, Channel::Kind::file)};
}

// ---- what the child does

void redirect(NewProgram& program, int standard, const Redirection& redirection,
              const Channel& theirs) {
    if (redirection.kind() == Redirection::Kind::inherit) return;
    const bool is_stdout = redirection.kind() == Redirection::Kind::to_stdout;
    program.duplicates.push_back(
        {.from = is_stdout ? STDOUT_FILENO : theirs.fileno(), .to = standard});
}

// Those that somebody has opened without O_CLOEXEC.
void close_others(NewProgram& program, std::vector<int> but) {
    std::ranges::sort(but);
    int first = first_other_fd;
    for (const int fd : but) {
        if (fd > first) program.closed.push_back({.first = first, .last = fd - 1});
        first = std::max(first, fd + 1);
    }
    program.closed.push_back({.first = first, .last = std::numeric_limits<int>::max()});
}

// ---- posix_spawn(), where clone_program() cannot

class Actions {
public:
    explicit Actions(const NewProgram& program) {
        check(::posix_spawn_file_actions_init(&actions_), "posix_spawn");
        for (const auto& [from, to] : program.duplicates) {
            check(::posix_spawn_file_actions_adddup2(&actions_, from, to), "posix_spawn");
        }
        for (const auto& [first, last] : program.closed) close(first, last);
        if (program.folder) {
            check(::posix_spawn_file_actions_addchdir_np(&actions_, program.folder), "posix_spawn");
        }
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

private:
    void close(int first, int last) {
        if (last == std::numeric_limits<int>::max()) {
            return check(::posix_spawn_file_actions_addclosefrom_np(&actions_, first),
                         "posix_spawn");
        }
        for (int fd = first; fd <= last; ++fd) {
            check(::posix_spawn_file_actions_addclose(&actions_, fd), "posix_spawn");
        }
    }
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
public:
    explicit Attributes(const NewProgram& program) {
        check(::posix_spawnattr_init(&attributes_), "posix_spawn");
        short flags = 0;
        if (program.starts_session) flags |= POSIX_SPAWN_SETSID;
        if (program.process_group) {
            flags |= POSIX_SPAWN_SETPGROUP;
            ::posix_spawnattr_setpgroup(&attributes_, *program.process_group);
        }
        if (program.restores_signals) {
            flags |= POSIX_SPAWN_SETSIGDEF;
            sigset_t restored;
            ::sigemptyset(&restored);
            ::sigaddset(&restored, SIGPIPE);
            ::sigaddset(&restored, SIGXFSZ);
            ::posix_spawnattr_setsigdefault(&attributes_, &restored);
        }
        ::posix_spawnattr_setflags(&attributes_, flags);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
    [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

ClonedProgram start(const NewProgram& program) {
    if (const auto cloned = clone_program(program)) return *cloned;
    const Actions actions(program);
    const Attributes attributes(program);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, program.file, actions.get(), attributes.get(),
                                    program.arguments, program.environment);
    return {.error = error, .pid = pid, .pidfd = -1};
}

}  // namespace

Spawned spawn(const std::vector<std::string>& program_and_arguments,
              const SubprocessOptions& options) {
    if (program_and_arguments.empty() || program_and_arguments.front().empty()) {
        throw ValueError("there is no program to run");
    }
    if (options.stdin_.kind() == Redirection::Kind::to_stdout ||
        options.stdout_.kind() == Redirection::Kind::to_stdout) {
        throw ValueError("only stderr_ can be subprocess::to_stdout");
    }
    const std::vector<char*> arguments = as_arguments(program_and_arguments);
    std::vector<std::string> variables;
    std::vector<char*> environment;
    if (options.env) {
        variables = as_texts(*options.env);
        environment = as_arguments(variables);
    }
    if (options.cwd) check_folder(*options.cwd);
    check_descriptors(options.pass_fds);
    const std::string file = file_of(program_and_arguments.front(), options);

    Ends in = ends_of(options.stdin_, true);
    Ends out = ends_of(options.stdout_, false);
    Ends err = ends_of(options.stderr_, false);
    NewProgram program{.file = file.c_str(),
                       .arguments = arguments.data(),
                       .environment = options.env ? environment.data() : environ,
                       .restores_signals = options.restore_signals,
                       .starts_session = options.start_new_session,
                       .process_group = options.process_group,
                       .duplicates = {},
                       .closed = {},
                       .folder = options.cwd ? as_argument(*options.cwd) : nullptr};
    redirect(program, STDIN_FILENO, options.stdin_, in.theirs);
    redirect(program, STDOUT_FILENO, options.stdout_, out.theirs);
    redirect(program, STDERR_FILENO, options.stderr_, err.theirs);
    for (const int fd : options.pass_fds) program.duplicates.push_back({.from = fd, .to = fd});
    close_others(program, options.pass_fds);

    const ClonedProgram started = start(program);
    check(started.error, "'" + program_and_arguments.front() + "'");
    return {.pid = started.pid,
            .pidfd = started.pidfd,
            .stdin_ = std::move(in.ours),
            .stdout_ = std::move(out.ours),
            .stderr_ = std::move(err.ours)};
}

}  // namespace weft::internal

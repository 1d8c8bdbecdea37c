// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/spawn.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
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
    if (fd < 0) throw_os_error(errno, "a pipe of a process");
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

Ends ends_of(const Redirection& redirection, bool child_reads) {
    if (redirection.kind() == Redirection::Kind::pipe) return make_pipe(child_reads);
    if (redirection.kind() != Redirection::Kind::descriptor) return {};
    const int fd = ::fcntl(redirection.fd(), F_DUPFD_CLOEXEC, first_other_fd);
    if (fd < 0) throw_os_error(errno, "descriptor " + std::to_string(redirection.fd()));
    return {.theirs = Channel(fd, Channel::Kind::file)};
}

// What is to be done in the child before it becomes the program.
class Actions {
public:
    Actions() { check(::posix_spawn_file_actions_init(&actions_), "posix_spawn"); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

    void redirect(int standard, const Redirection& redirection, const Channel& theirs) {
        switch (redirection.kind()) {
            case Redirection::Kind::inherit:
                return;
            case Redirection::Kind::devnull:
                return check(
                    ::posix_spawn_file_actions_addopen(&actions_, standard, "/dev/null", O_RDWR, 0),
                    "/dev/null");
            case Redirection::Kind::to_stdout:
                return duplicate(STDOUT_FILENO, standard);
            case Redirection::Kind::pipe:
            case Redirection::Kind::descriptor:
                return duplicate(theirs.fileno(), standard);
        }
    }
    // Also of a descriptor to itself, which is how the program gets it.
    void duplicate(int from, int to) {
        check(::posix_spawn_file_actions_adddup2(&actions_, from, to), "posix_spawn");
    }
    void change_folder(const std::string& folder) {
        check(::posix_spawn_file_actions_addchdir_np(&actions_, as_argument(folder)),
              "'" + folder + "'");
    }
    // Those that somebody has opened without O_CLOEXEC.
    void close_others(const std::vector<int>& but) {
        const int last = but.empty() ? STDERR_FILENO : std::ranges::max(but);
        for (int fd = first_other_fd; fd < last; ++fd) {
            if (std::ranges::find(but, fd) != but.end()) continue;
            check(::posix_spawn_file_actions_addclose(&actions_, fd), "posix_spawn");
        }
        const int beyond = std::max(last + 1, first_other_fd);
        check(::posix_spawn_file_actions_addclosefrom_np(&actions_, beyond), "posix_spawn");
    }

private:
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
public:
    explicit Attributes(const SubprocessOptions& options) {
        check(::posix_spawnattr_init(&attributes_), "posix_spawn");
        short flags = 0;
        if (options.start_new_session) flags |= POSIX_SPAWN_SETSID;
        if (options.process_group) {
            flags |= POSIX_SPAWN_SETPGROUP;
            ::posix_spawnattr_setpgroup(&attributes_, *options.process_group);
        }
        if (options.restore_signals) {
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
    Actions actions;
    actions.redirect(STDIN_FILENO, options.stdin_, in.theirs);
    actions.redirect(STDOUT_FILENO, options.stdout_, out.theirs);
    actions.redirect(STDERR_FILENO, options.stderr_, err.theirs);
    for (const int fd : options.pass_fds) actions.duplicate(fd, fd);
    actions.close_others(options.pass_fds);
    if (options.cwd) actions.change_folder(*options.cwd);

    const Attributes attributes(options);
    pid_t pid = -1;
    check(::posix_spawn(&pid, file.c_str(), actions.get(), attributes.get(), arguments.data(),
                        options.env ? environment.data() : environ),
          "'" + program_and_arguments.front() + "'");
    return {.pid = pid,
            .stdin_ = std::move(in.ours),
            .stdout_ = std::move(out.ours),
            .stderr_ = std::move(err.ours)};
}

}  // namespace weft::internal

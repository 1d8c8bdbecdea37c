// SPDX-License-Identifier: Apache-2.0
// tests/conformance/main.cpp - runs the cases and writes {id: trace} to stdout.
//
//     conformance [ID-PREFIX...]
//
// Each case has a process of its own: it may handle signals and threads as it likes, and one that
// crashes or hangs is named and costs no other case its trace.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cases.hpp"
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace conformance {
namespace {

constexpr auto time_for_a_case = 5s;

Json failure_of_probe(Json what) { return Json(Json::Object{{"PROBE-ERROR", std::move(what)}}); }

[[noreturn]] void run_here(const Case& which, int out, bool quiet) {
    std::signal(SIGINT, SIG_DFL);  // a shell's background job inherits that it is ignored
    if (quiet) set_log_hook([](LogLevel, std::string_view) noexcept {});
    Json trace;
    try {
        trace = which();
    } catch (...) {
        trace = failure_of_probe(en());
    }
    const std::string text = trace.to_string();
    const bool written =
        ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    std::exit(written ? 0 : 1);
}

// All that the process writes until it ends; nullopt when it takes too long.
std::optional<std::string> read_all(int in) {
    std::string text;
    const auto deadline = std::chrono::steady_clock::now() + time_for_a_case;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd ready{.fd = in, .events = POLLIN, .revents = 0};
        if (left <= 0ms || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) {
            return std::nullopt;
        }
        char bytes[4096];
        const ssize_t count = ::read(in, bytes, sizeof bytes);
        if (count <= 0) return text;
        text.append(bytes, static_cast<std::size_t>(count));
    }
}

std::string run_case(const Case& which, bool quiet) {
    int ends[2];
    if (::pipe(ends) != 0) return failure_of_probe("no pipe").to_string();
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        run_here(which, ends[1], quiet);
    }
    ::close(ends[1]);
    const std::optional<std::string> text = read_all(ends[0]);
    ::close(ends[0]);
    if (!text) ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::string problem;
    if (!text) {
        problem = "hangs";
    } else if (WIFSIGNALED(status)) {
        problem = std::string("killed by signal ") + strsignal(WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        problem = "exit status " + std::to_string(WEXITSTATUS(status));
    }
    if (problem.empty()) return *text;
    std::fprintf(stderr, "%s: %s\n", which.id().c_str(), problem.c_str());
    return failure_of_probe(problem).to_string();
}

int run_cases(const std::vector<std::string_view>& prefixes) {
    const auto wanted = [&](const std::string& id) {
        if (prefixes.empty()) return true;
        for (const std::string_view prefix : prefixes) {
            if (id.starts_with(prefix)) return true;
        }
        return false;
    };
    const char* separator = "{\n";
    for (const Case* which : Case::all()) {
        if (!wanted(which->id())) continue;
        const std::string trace = run_case(*which, prefixes.empty());
        std::printf("%s%s: %s", separator, Json(which->id()).to_string().c_str(), trace.c_str());
        std::fflush(stdout);  // or each child would write it again
        separator = ",\n";
    }
    std::puts("\n}");
    return 0;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
    return conformance::run_cases(std::vector<std::string_view>(argv + 1, argv + argc));
}

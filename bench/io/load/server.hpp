// SPDX-License-Identifier: Apache-2.0
// bench/io/load/server.hpp - the server that is measured: where it listens, what it uses.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <openssl/types.h>
#include <sys/types.h>
#include <time.h>

namespace load {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

[[noreturn]] inline void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

template <class T>
T checked(T result, const char* what) {
    if (result < 0) fail(std::string(what) + ": " + std::strerror(errno));
    return result;
}

struct Server {
    std::uint16_t port;
    pid_t pid;
    SSL_CTX* tls = nullptr;  // with which one speaks to it; none for plain text
    clockid_t clock = 0;

    // User and system time of all its threads.
    [[nodiscard]] Seconds cpu_time() const {
        timespec time{};
        checked(clock_gettime(clock, &time), "the server's clock");
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    // A page that several processes share counts for its part.
    [[nodiscard]] double memory_bytes() const {
        std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
        std::string word;
        double kib = 0;
        while (file >> word) {
            if (word == "Pss:" && file >> kib) return kib * 1024;
        }
        fail("no Pss in smaps_rollup");
    }
};

// What the server did between two moments.
class Window {
public:
    explicit Window(const Server& server) : server_(server) {}

    struct Result {
        double per_second;
        double cpu_us;  // of the server, for one
        double busy;    // the share of its core, in percent
    };
    [[nodiscard]] Result end(double count) const {
        const double seconds = Seconds(Clock::now() - start_).count();
        const double cpu = (server_.cpu_time() - cpu_start_).count();
        return {count / seconds, cpu / count * 1e6, cpu / seconds * 100};
    }

private:
    const Server& server_;
    Seconds cpu_start_ = server_.cpu_time();
    Clock::time_point start_ = Clock::now();
};

}  // namespace load

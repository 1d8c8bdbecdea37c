// SPDX-License-Identifier: Apache-2.0
// The reads of the benchmarks of files as a loop without io_uring does them: one thread hands each
// to a pool of 64, and takes the results; see bench/README.md for the contract.
// usage: pool_reads [MEASURE ...], with the file's path in WEFT_BENCH_FILE

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t depth = 64;

double scale = 1;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "wrong result: %s\n", what);
    std::abort();
}

// All of the file's 65,536 blocks before any comes again, the same sequence in every program.
class Blocks {
public:
    std::uint16_t next() {
        state_ = static_cast<std::uint16_t>(state_ * 25173 + 13849);
        return state_;
    }

private:
    std::uint16_t state_ = 12345;
};

struct Request {
    std::uint16_t block = 0;
    ssize_t count = 0;
    std::array<char, block_bytes> buffer{};
};

// A queue with one lock; whoever takes waits for the first item, and gets all or one.
class Requests {
public:
    void put(Request* request) {
        {
            const std::lock_guard lock(mutex_);
            items_.push_back(request);
        }
        changed_.notify_one();
    }
    Request* take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !items_.empty(); });
        Request* const last = items_.back();
        items_.pop_back();
        return last;
    }
    void take_all(std::vector<Request*>& into) {
        into.clear();
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !items_.empty(); });
        items_.swap(into);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Request*> items_;
};

class Pool {
public:
    explicit Pool(int file) : requests_(depth) {
        for (std::size_t i = 0; i < depth; ++i) {
            threads_.emplace_back([this, file] { work(file); });
        }
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        for (std::size_t i = 0; i < depth; ++i) to_do_.put(nullptr);
        for (std::thread& thread : threads_) thread.join();
    }

    void read_many(std::size_t n) {
        std::size_t started = 0;
        for (; started < depth && started < n; ++started) start(requests_[started]);
        for (std::size_t ended = 0; ended < n; ended += arrived_.size()) {
            done_.take_all(arrived_);
            for (Request* const request : arrived_) {
                check(*request);
                if (started < n) {
                    ++started;
                    start(*request);
                }
            }
        }
    }

private:
    void start(Request& request) {
        request.block = blocks_.next();
        to_do_.put(&request);
    }
    static void check(const Request& request) {
        std::uint64_t number = 0;
        std::memcpy(&number, request.buffer.data(), sizeof number);
        require(request.count == block_bytes && number == request.block, "a block of the file");
    }
    void work(int file) {
        while (Request* const request = to_do_.take()) {
            request->count = ::pread(file, request->buffer.data(), block_bytes,
                                     static_cast<off_t>(request->block * block_bytes));
            done_.put(request);
        }
    }

    Blocks blocks_;
    std::vector<Request> requests_;
    std::vector<Request*> arrived_;
    Requests to_do_;
    Requests done_;
    std::vector<std::thread> threads_;
};

double seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Timed {
    double reads;
    double took;  // seconds
    double cpu;
};

Timed timed(Pool& pool, double n) {
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double began = seconds(CLOCK_MONOTONIC);
    pool.read_many(static_cast<std::size_t>(n));
    return {.reads = n,
            .took = seconds(CLOCK_MONOTONIC) - began,
            .cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

void print(const char* name, const Timed& timed) {
    std::printf("%s %.2f reads/s\n", name, timed.reads / timed.took);
    std::printf("%s_cpu %.2f ns\n", name, timed.cpu * 1e9 / timed.reads);
}

void read(int file) {
    Pool pool(file);
    Timed last = timed(pool, 2000);
    do {
        last = timed(pool, std::floor(std::max(1.0, 0.2 * scale / last.took) * last.reads));
    } while (last.took < 0.1 * scale);
    print("read", last);
}

void cold_read(int file) {
    Pool pool(file);
    timed(pool, 2000);
    require(::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
    require(::posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM) == 0, "posix_fadvise");
    print("cold_read", timed(pool, std::floor(16384 * scale)));
}

constexpr std::pair<std::string_view, void (*)(int)> measures[] = {
    {"read", read},
    {"cold_read", cold_read},
};

}  // namespace

int main(int argc, char** argv) {
    if (const char* setting = std::getenv("WEFT_BENCH_SCALE")) scale = std::atof(setting);
    const char* const path = std::getenv("WEFT_BENCH_FILE");
    require(path != nullptr, "WEFT_BENCH_FILE is not set");
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    require(file >= 0, "open");
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    for (const auto& [name, measure] : measures) {
        if (wanted.empty() || std::ranges::find(wanted, name) != wanted.end()) measure(file);
    }
}

// SPDX-License-Identifier: Apache-2.0
// The weft side of the benchmarks of files; see bench/README.md for the contract.
// usage: files_bench [MEASURE ...], with the file's path in WEFT_BENCH_FILE

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <bench/rate.hpp>
#include <fcntl.h>

#include <weft/io/file.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>

namespace {

using bench::Rate;
using bench::require;
using bench::Stopwatch;
using weft::Coro;

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t depth = 64;

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

struct Work {
    Blocks blocks;
    std::size_t left = 0;
};

Coro<void> read_blocks(weft::File file, Work& work) {
    const auto memory = std::make_unique_for_overwrite<std::byte[]>(block_bytes);
    const std::span buffer(memory.get(), block_bytes);
    while (work.left > 0) {
        --work.left;
        const std::uint16_t block = work.blocks.next();
        const auto offset = static_cast<std::int64_t>(block * block_bytes);
        const std::size_t count = co_await file.pread_into(buffer, offset);
        std::uint64_t number = 0;
        std::memcpy(&number, buffer.data(), sizeof number);
        require(count == block_bytes && number == block, "a block of the file");
    }
}

Coro<void> read_many(weft::File file, Work& work, std::size_t n) {
    work.left = n;
    std::vector<Coro<void>> readers;
    for (std::size_t i = 0; i < depth; ++i) readers.push_back(read_blocks(file, work));
    co_await weft::gather(std::move(readers));
}

Coro<weft::File> opened() {
    const char* const path = std::getenv("WEFT_BENCH_FILE");
    require(path != nullptr, "WEFT_BENCH_FILE is not set");
    co_return co_await weft::open_file(path);
}

// Reads to warm up, then for 200 ms.
Coro<Rate> read() {
    const weft::File file = co_await opened();
    Work work;
    std::size_t n = 2000;
    for (bool is_warm = false;; is_warm = true) {
        const Stopwatch watch;
        co_await read_many(file, work, n);
        const double elapsed = watch.elapsed_ns();
        if (is_warm && elapsed >= 100e6 * bench::scale()) co_return watch.rate_of(n);
        n = std::max(
            n, static_cast<std::size_t>(static_cast<double>(n) * 200e6 * bench::scale() / elapsed));
    }
}

// Each block once at most, when the system has none of them in memory.
Coro<Rate> cold_read() {
    const weft::File file = co_await opened();
    Work work;
    co_await read_many(file, work, 2000);
    require(::posix_fadvise(file.fileno(), 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
    require(::posix_fadvise(file.fileno(), 0, 0, POSIX_FADV_RANDOM) == 0, "posix_fadvise");
    const auto n = static_cast<std::size_t>(16384 * bench::scale());
    const Stopwatch watch;
    co_await read_many(file, work, n);
    co_return watch.rate_of(n);
}

constexpr std::pair<std::string_view, Coro<Rate> (*)()> measures[] = {
    {"read", read},
    {"cold_read", cold_read},
};

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    for (const auto& [name, measure] : measures) {
        if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
        bench::print(name, weft::run(measure()), "reads");
    }
}

// SPDX-License-Identifier: Apache-2.0
// examples/process_images/main.cpp - describes the pictures of a folder, several at once.
//
// The event loop only waits and prints. Reading, decoding and computing is plain code that runs in
// threads (process.hpp), so that all processors work and Ctrl-C is answered at any time.
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <signal.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/task_group.hpp>

#include "files.hpp"
#include "options.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "samples.hpp"

namespace process_images {
namespace {

namespace fs = std::filesystem;
using weft::Coro;
using weft::TaskGroup;

/// A mistake of the user, told in words.
class UsageError : public weft::ValueError {
    using ValueError::ValueError;
};

// The permit bounds how many pictures are in memory, however many tasks wait here.
Coro<void> process_one(const fs::path& path, const ProcessOptions& options,
                       weft::Semaphore& permits, Progress& progress) {
    const auto permit = co_await permits.scoped();
    try {
        progress.add(co_await weft::to_thread(process_image, path, options));
    } catch (const std::exception& error) {  // a cancellation is none, and goes on
        progress.add_failure(path, error);
    }
}

// Ctrl-C cancels this: the group cancels its tasks, and the threads see it between two steps.
Coro<Totals> process_all(const std::vector<fs::path>& paths, const Options& options) {
    Progress progress(paths);
    weft::Semaphore permits(options.concurrency);
    co_await TaskGroup::scope([&](TaskGroup& group) {
        for (const fs::path& path : paths) {
            group.create_task(process_one(path, options.process, permits, progress));
        }
    });
    co_return progress.totals();
}

Coro<fs::path> sample_folder() {
    const fs::path folder = cache_folder();
    fmt::print("five samples in {}, drawn where they are missing\n", folder.string());
    fs::create_directories(folder);
    co_await TaskGroup::scope([&](TaskGroup& group) {
        for (const Sample& sample : samples()) {
            group.create_task(weft::to_thread(make_sample, folder, sample, sample_size));
        }
    });
    co_return folder;
}

std::vector<fs::path> pictures_of(const fs::path& folder) {
    if (!fs::is_directory(folder)) throw UsageError(folder.string() + " is not a folder");
    std::vector<fs::path> paths = find_jpegs(folder);
    if (paths.empty()) throw UsageError("no .jpg or .jpeg files in " + folder.string());
    return paths;
}

void prepare_out(const fs::path& out, const fs::path& folder) {
    fs::create_directories(out);
    if (fs::equivalent(out, folder)) throw UsageError("--out would overwrite the pictures");
}

// The default pool of threads is Python's: four more than there are processors, 32 at most.
void grow_thread_pool(std::size_t threads) {
    if (threads <= weft::ThreadPoolExecutor::default_workers()) return;
    auto pool = std::make_shared<weft::ThreadPoolExecutor>(threads);
    weft::get_running_loop().set_default_executor(std::move(pool));
}

Coro<int> process_folder(const Options& options) {
    std::signal(SIGPIPE, SIG_DFL);  // weft ignores it, for sockets; here it ends `… | head`
    grow_thread_pool(static_cast<std::size_t>(options.concurrency));
    const fs::path folder = options.folder ? *options.folder : co_await sample_folder();
    const std::vector<fs::path> paths = co_await weft::to_thread(pictures_of, folder);
    if (options.process.out) prepare_out(*options.process.out, folder);

    const Totals totals = co_await process_all(paths, options);
    fmt::print("\n{}\n", format_totals(totals));
    co_return totals.images_failed == 0 ? 0 : exit_failed;
}

Coro<int> async_main(const Options& options) {
    try {
        co_return co_await process_folder(options);
    } catch (const UsageError& error) {
        fmt::print(stderr, "process_images: {}\n", error.what());
    } catch (const fs::filesystem_error& error) {
        fmt::print(stderr, "process_images: {}\n", error.what());
    }
    co_return exit_usage;
}

}  // namespace
}  // namespace process_images

int main(int argc, char** argv) {
    using namespace process_images;
    const auto parsed = parse_arguments(argc, argv);
    if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
    const auto& options = std::get<Options>(parsed);
    return weft::main_of(async_main, options);
}

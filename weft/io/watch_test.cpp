// SPDX-License-Identifier: Apache-2.0
#include <weft/io/watch.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/io/run.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::spin;

class WatchTest : public ::testing::Test {
public:
    WatchTest() : folder("/tmp/weft_watch_test_" + std::to_string(::getpid())) {
        std::filesystem::create_directory(folder);
    }
    ~WatchTest() override { std::filesystem::remove_all(folder); }
    const std::string folder;
};

void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text;
}

TEST_F(WatchTest, tells_what_happens_in_a_directory) {
    run_clean([](std::string folder) -> Coro<void> {
        const std::string one = folder + "/one";
        append(one, "before");
        const Watch changes(folder);
        append(one, "x");
        EXPECT_EQ(co_await changes.next(), (std::vector<FileChange>{{Change::modified, one}}));
        const auto waiting = create_task(changes.next());
        co_await spin(2);
        EXPECT_FALSE(waiting.done());
        append(folder + "/two", "");
        EXPECT_EQ(co_await waiting, (std::vector<FileChange>{{Change::added, folder + "/two"}}));
        std::filesystem::rename(one, folder + "/three");
        std::filesystem::remove(folder + "/two");
        EXPECT_EQ(co_await changes.next(),
                  (std::vector<FileChange>{{Change::deleted, one},
                                           {Change::added, folder + "/three"},
                                           {Change::deleted, folder + "/two"}}));
    }(folder));
}

TEST_F(WatchTest, ends_with_what_it_watches) {
    run_clean([](std::string folder) -> Coro<void> {
        const std::string file = folder + "/file";
        append(file, "before");
        const Watch of_file(file);
        const Watch of_folder(folder);
        append(file, "x");
        EXPECT_EQ(co_await of_file.next(), (std::vector<FileChange>{{Change::modified, file}}));
        std::filesystem::remove(file);
        std::vector<FileChange> all;
        for (auto some = co_await of_file.next(); !some.empty(); some = co_await of_file.next()) {
            all.insert(all.end(), some.begin(), some.end());
        }
        EXPECT_EQ(all.back(), (FileChange{Change::deleted, file}));
        EXPECT_TRUE((co_await of_file.next()).empty());  // and stays so
        std::filesystem::remove(folder);
        all = co_await of_folder.next();
        EXPECT_EQ(all.back(), (FileChange{Change::deleted, folder}));
        EXPECT_TRUE((co_await of_folder.next()).empty());
    }(folder));
}

TEST_F(WatchTest, is_for_one_task_at_a_time_which_may_be_cancelled) {
    run_clean([](std::string folder) -> Coro<void> {
        const Watch changes(folder);
        const auto first = create_task(changes.next());
        co_await spin();
        EXPECT_EQ(co_await outcome(changes.next()),
                  "RuntimeError: another task waits for this Watch");
        first.cancel();
        EXPECT_EQ(co_await ended(first), "CancelledError");
        append(folder + "/one", "");
        EXPECT_EQ((co_await changes.next()).size(), 1U);
    }(folder));
}

TEST_F(WatchTest, names_what_it_cannot_watch) {
    run_clean([](std::string folder) -> Coro<void> {
        EXPECT_EQ(
            testing::thrown_by([&] { return Watch(folder + "/nothing"); }),
            "FileNotFoundError: [Errno 2] No such file or directory: '" + folder + "/nothing'");
        co_return;
    }(folder));
}

TEST_F(WatchTest, ends_with_its_loop) {
    const std::size_t before = open_descriptors();
    {
        std::optional<Watch> kept;
        run([](std::optional<Watch>& keep, std::string path) -> Coro<void> {
            keep.emplace(path);
            const auto waiting = create_task(keep->next());
            co_await spin();
        }(kept, folder));
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/internal/attempt.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::spin;
using testing::thrown_by;

class Files : public ::testing::Test {
public:
    Files() : folder_("/tmp/weft_file_test_" + std::to_string(::getpid())) {
        std::filesystem::create_directory(folder_);
    }
    ~Files() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string& name = "file") const {
        return folder_ / name;
    }
    [[nodiscard]] std::string contents(const std::string& name = "file") const {
        std::ifstream file(path(name));
        return {std::istreambuf_iterator(file), {}};
    }
    void make(const std::string& text, const std::string& name = "file") const {
        std::ofstream(path(name)) << text;
    }
    [[nodiscard]] std::size_t count() const {
        const std::filesystem::directory_iterator all(folder_);
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }

private:
    std::filesystem::path folder_;
};

unsigned permissions_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
}

TEST_F(Files, are_written_and_read) {
    run_clean([](std::string path) -> Coro<void> {
        const File out = co_await open_file(path, "wb");
        co_await out.write("one ");
        co_await out.write("two");
        EXPECT_EQ(out.tell(), 7);
        const File in = co_await open_file(path);
        EXPECT_EQ(in.name(), path);
        EXPECT_EQ(in.size(), 7);
        EXPECT_EQ(co_await in.read(5), "one t");
        EXPECT_EQ(co_await in.read(), "wo");
        EXPECT_EQ(co_await in.read(5), "");
        EXPECT_EQ(in.seek(-3, Whence::end), 4);
        EXPECT_EQ(in.seek(1, Whence::current), 5);
        EXPECT_EQ(co_await in.read(), "wo");
    }(path()));
}

TEST_F(Files, of_many_bytes) {
    run_clean([](std::string path) -> Coro<void> {
        const Bytes all = some_bytes(5'000'001);
        const File file = co_await open_file(path, "w+");
        co_await file.write(all);
        file.seek(0);
        EXPECT_TRUE(co_await file.read() == all);
        EXPECT_TRUE(co_await file.pread(3'000'000, 1'000'001) == all.substr(1'000'001, 3'000'000));
        EXPECT_TRUE(co_await read_bytes(path) == all);
    }(path()));
}

TEST_F(Files, are_read_and_written_at_offsets_beside_each_other) {
    run_clean([](std::string path) -> Coro<void> {
        const File file = co_await open_file(path, "w+");
        std::vector<Coro<void>> writes;
        std::vector<std::string> pieces;
        for (int i = 0; i < 100; ++i)
            pieces.push_back(std::string(1000, static_cast<char>('A' + i % 26)));
        for (std::size_t i = 0; i < 100; ++i) {
            writes.push_back(file.pwrite(pieces[i], static_cast<std::int64_t>(i) * 1000));
        }
        co_await gather(std::move(writes));
        EXPECT_EQ(file.tell(), 0);
        std::vector<Coro<Bytes>> reads;
        for (std::size_t i = 0; i < 100; ++i) {
            reads.push_back(file.pread(1000, static_cast<std::int64_t>(i) * 1000));
        }
        EXPECT_TRUE(co_await gather(std::move(reads)) == pieces);
        std::byte buffer[1500];
        EXPECT_EQ(co_await file.pread_into(buffer, 99'000), 1000U);  // the end
        EXPECT_EQ(co_await file.pread(10, 200'000), "");
    }(path()));
}

TEST_F(Files, are_opened_as_pythons_modes_say) {
    run_clean([](const Files& here, std::string path) -> Coro<void> {
        const auto error = [&](std::string mode) -> Coro<std::string> {
            co_return co_await outcome(open_file(path, std::move(mode)));
        };
        EXPECT_EQ(co_await error("r"),
                  "FileNotFoundError: [Errno 2] No such file or directory: '" + path + "'");
        EXPECT_EQ(co_await error("x"), "ok");
        EXPECT_EQ(co_await error("x"), "FileExistsError: [Errno 17] File exists: '" + path + "'");
        for (const char* mode : {"", "rw", "t", "r++", "rt", "q"}) {
            EXPECT_EQ(co_await error(mode),
                      "ValueError: invalid mode: '" + std::string(mode) +
                          "', not one of r, w, a, x, with + to read and write");
        }
        here.make("old");
        co_await (co_await open_file(path, "a")).write(" new");
        EXPECT_EQ(here.contents(), "old new");
        const File both = co_await open_file(path, "r+b");
        co_await both.write("OLD");
        EXPECT_EQ(co_await both.read(), " new");
        EXPECT_EQ(here.contents(), "OLD new");
        co_await open_file(path, "w");
        EXPECT_EQ(here.contents(), "");
        EXPECT_EQ(co_await outcome(open_file("/tmp")),
                  "IsADirectoryError: [Errno 21] Is a directory: '/tmp'");
        EXPECT_EQ(co_await outcome(open_file(std::string("/tmp/a\0b", 8))),
                  "ValueError: embedded null character in the path '/tmp/a\\0…'");
        const File only_reads = co_await open_file(path, "r");
        EXPECT_EQ(co_await outcome(only_reads.write("x")),
                  "OSError: [Errno 9] Bad file descriptor: '" + path + "'");
    }(*this, path()));
}

TEST_F(Files, that_are_appended_to_grow_at_their_end) {
    run_clean([](const Files& here, std::string path) -> Coro<void> {
        const File one = co_await open_file(path, "a+");
        const File other = co_await open_file(path, "a");
        co_await one.write("one ");
        co_await other.write("other ");
        co_await one.write("one");
        EXPECT_EQ(one.tell(), 13);
        EXPECT_EQ(here.contents(), "one other one");
        one.seek(4);
        EXPECT_EQ(co_await one.read(5), "other");
    }(*this, path()));
}

TEST_F(Files, without_offsets_are_read_too) {
    run_clean([]() -> Coro<void> {
        const File zeros = co_await open_file("/dev/zero");
        EXPECT_EQ(co_await zeros.read(3), Bytes(3, '\0'));
        EXPECT_EQ(co_await outcome(zeros.pread(3, 0)),
                  "OSError: [Errno 29] Illegal seek: '/dev/zero'");
        EXPECT_THROW(zeros.seek(0), OSError);
        // One of /proc says that it has no bytes.
        EXPECT_NE((co_await read_bytes("/proc/self/status")).find("\nPid:"), Bytes::npos);
    }());
}

TEST_F(Files, do_not_hold_the_loop_up) {
    run_clean([](std::string path) -> Coro<void> {
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        const auto reading = create_task(read_bytes(path));  // waits for a writer
        co_await sleep(20ms);
        EXPECT_FALSE(reading.done());
        const File writer = co_await open_file(path, "a");
        co_await writer.write("through a pipe");
        writer.close();
        EXPECT_EQ(co_await reading, "through a pipe");
    }(path()));
}

TEST_F(Files, that_are_closed_take_no_more) {
    run_clean([](std::string path) -> Coro<void> {
        const File file = co_await open_file(path, "w+");
        EXPECT_GE(file.fileno(), 0);
        const std::string text(1000, 'x');
        const auto writing = create_task(file.write(text));
        co_await spin();
        file.close();
        file.close();
        EXPECT_TRUE(file.closed());
        EXPECT_EQ(file.fileno(), -1);
        co_await writing;  // what is under way is done
        EXPECT_EQ(co_await outcome(file.read()), "ValueError: I/O operation on closed file.");
        EXPECT_EQ(co_await outcome(file.pwrite("x", 0)),
                  "ValueError: I/O operation on closed file.");
        EXPECT_EQ(co_await outcome(file.sync()), "ValueError: I/O operation on closed file.");
        EXPECT_EQ(thrown_by([&] { return file.tell(); }),
                  "ValueError: I/O operation on closed file.");
        EXPECT_EQ((co_await read_bytes(path)).size(), 1000U);
    }(path()));
}

TEST_F(Files, are_cut_and_filled_up) {
    run_clean([](const Files& here, std::string path) -> Coro<void> {
        const File file = co_await open_file(path, "w");
        co_await file.write("0123456789");
        co_await file.truncate(4);
        EXPECT_EQ(here.contents(), "0123");
        co_await file.truncate(6);
        EXPECT_EQ(here.contents(), std::string("0123\0\0", 6));
        co_await file.sync();
        EXPECT_EQ(co_await outcome(file.truncate(-1)),
                  "OSError: [Errno 22] Invalid argument: '" + path + "'");
        EXPECT_EQ(thrown_by([&] { return file.seek(-1); }),
                  "ValueError: negative seek position -1");
    }(*this, path()));
}

TEST_F(Files, keep_their_position_when_a_read_is_cancelled) {
    run_clean([](std::string path) -> Coro<void> {
        const Bytes all = some_bytes(2'000'000);
        co_await write_bytes(path, all);
        const File file = co_await open_file(path);
        for (int turns = 0; turns < 6; ++turns) {
            const auto reading = create_task(file.read(1'500'000));
            co_await spin(turns);
            reading.cancel();
            const std::string end = co_await ended(reading);
            EXPECT_EQ(file.tell(), end == "ok" ? 1'500'000 : 0) << turns;
            file.seek(0);
        }
        EXPECT_TRUE(co_await file.read() == all);
    }(path()));
}

// Its operations on files are not to be stopped, and end in the turn after somebody tried to.
class SlowDisk final : public Backend {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "slow disk"; }
    [[nodiscard]] bool does_files() const noexcept override { return true; }
    [[nodiscard]] TimePoint now() const noexcept override { return system_->now(); }
    void submit(IoOperation& operation) override {
        const bool is_of_files =
            operation.kind == IoKind::file_read || operation.kind == IoKind::file_write;
        is_of_files ? void(at_work_ = &operation) : system_->submit(operation);
    }
    bool cancel(IoOperation& operation) noexcept override {
        if (&operation != at_work_) return system_->cancel(operation);
        was_asked_ = true;
        return false;
    }
    bool wait(TimePoint deadline) override {
        const bool waited = system_->wait(was_asked_ ? TimePoint::min() : deadline);
        if (std::exchange(was_asked_, false)) {
            IoOperation& ended = *std::exchange(at_work_, nullptr);
            ended.complete(*internal::attempt(ended), false);
        }
        return waited;
    }
    void wake() noexcept override { system_->wake(); }

private:
    std::unique_ptr<Backend> system_ = make_epoll_backend();
    IoOperation* at_work_ = nullptr;
    bool was_asked_ = false;
};

// Lesson: the result of a read that could not be stopped stood for the cancellation.
TEST_F(Files, a_read_that_cannot_be_stopped_is_cancelled_and_a_write_is_done) {
    make("before");
    EventLoop loop(std::make_unique<SlowDisk>());
    loop.run_until_complete([](const Files& here) -> Coro<void> {
        const File file = co_await open_file(here.path(), "r+");
        const auto reading = create_task(file.read(6));
        co_await spin();
        reading.cancel();
        EXPECT_EQ(co_await ended(reading), "CancelledError");
        EXPECT_EQ(file.tell(), 0);
        std::vector<std::string> story;
        const auto writing = create_task([&]() -> Coro<void> {
            co_await file.write("after!");
            story.emplace_back("wrote");
            co_await spin();
            story.emplace_back("was not cancelled");
        });
        co_await spin();
        writing.cancel();
        EXPECT_EQ(co_await ended(writing), "CancelledError");
        EXPECT_EQ(story, std::vector<std::string>{"wrote"});
        EXPECT_EQ(here.contents(), "after!");
    }(*this));
}

TEST_F(Files, take_turns_at_their_position) {
    run_clean([](const Files& here, std::string path) -> Coro<void> {
        const File file = co_await open_file(path, "w");
        std::vector<std::string> pieces;
        std::vector<Coro<void>> writes;
        std::string all;
        for (int i = 0; i < 50; ++i) pieces.push_back(std::to_string(i) + std::string(1000, ' '));
        for (const std::string& piece : pieces) {
            writes.push_back(file.write(piece));
            all += piece;
        }
        co_await gather(std::move(writes));
        EXPECT_EQ(here.contents(), all);
    }(*this, path()));
}

TEST_F(Files, are_full_at_some_point) {
    run_clean([]() -> Coro<void> {
        const File full = co_await open_file("/dev/full", "w");
        EXPECT_EQ(co_await outcome(full.write("x")),
                  "OSError: [Errno 28] No space left on device: '/dev/full'");
    }());
}

// ---- whole files

TEST_F(Files, are_replaced_as_a_whole) {
    run_clean([](const Files& here, std::string path) -> Coro<void> {
        ::umask(022);
        co_await write_bytes(path, "new", {.atomic = true});
        EXPECT_EQ(permissions_of(path), 0644U);
        ::chmod(path.c_str(), 0640);
        const File old = co_await open_file(path);
        co_await write_bytes(path, "newer", {.atomic = true});
        EXPECT_EQ(permissions_of(path), 0640U);
        EXPECT_EQ(co_await old.read(), "new");
        EXPECT_EQ(here.contents(), "newer");
        EXPECT_EQ(here.count(), 1U);  // nothing beside it

        std::filesystem::create_symlink("file", here.path("link"));
        co_await write_bytes(here.path("link"), "newest", {.atomic = true});
        EXPECT_TRUE(std::filesystem::is_symlink(here.path("link")));
        EXPECT_EQ(here.contents(), "newest");

        const std::string error =
            co_await outcome(write_bytes(here.path("no/file"), "x", {.atomic = true}));
        EXPECT_TRUE(error.starts_with("FileNotFoundError: [Errno 2] ")) << error;
        std::filesystem::create_directory(here.path("folder"));
        EXPECT_NE(co_await outcome(write_bytes(here.path("folder"), "x", {.atomic = true})), "ok");
        EXPECT_EQ(here.count(), 3U);
    }(*this, path()));
}

}  // namespace
}  // namespace weft

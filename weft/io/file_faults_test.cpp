// SPDX-License-Identifier: Apache-2.0
// Goal:   a file holds what was written and gives what it holds, however little the system does at
//         once; where it does nothing, the caller is told, and the file serves on.
// Method: system calls, and the operations of io_uring, fail on demand, the first or any later one.
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>

#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/io/file.hpp>
#include <weft/io/run.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_faults_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/system_faults.hpp>

namespace weft {
namespace {

using testing::always;
using testing::Call;
using testing::Fault;
using testing::SystemFaults;
using testing::Threads;

bool is_on_uring() { return get_running_loop().backend().starts_with("io_uring"); }

class FileFaults : public ::testing::Test {
public:
    FileFaults() : folder_("/tmp/weft_file_faults_test_" + std::to_string(::getpid())) {
        std::filesystem::create_directory(folder_);
    }
    ~FileFaults() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return folder_ / "file"; }
    [[nodiscard]] std::string contents() const {
        std::ifstream file(path());
        return {std::istreambuf_iterator(file), {}};
    }
    void make(std::string_view text) const { std::ofstream(path()) << text; }
    [[nodiscard]] std::size_t files() const {
        const std::filesystem::directory_iterator all(folder_);
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }

private:
    std::filesystem::path folder_;
};

// Whoever reads and writes: the loop's thread, those of the executor, or the kernel.
class Disk {
public:
    // Not the writes to other descriptors: with these, threads wake the loop.
    void on(Call call, Fault fault) {
        fault.of_files = true;
        calls_.on(call, fault);
    }
    void on_ring(int operation, const Fault& fault) {
        ring_.on(operation, {.error = fault.error,
                             .bytes_max = fault.bytes_max,
                             .first = fault.first,
                             .times = fault.times});
    }
    void on_read(const Fault& fault) {
        if (is_on_uring()) return on_ring(IORING_OP_READ, fault);
        on(Call::preadv2, fault);
    }
    // With offsets; `appends`: without.
    void on_write(const Fault& fault, bool appends = false) {
        if (is_on_uring() && !appends) return on_ring(IORING_OP_WRITE, fault);
        on(appends ? Call::write : Call::pwrite, fault);
    }
    void on_sync(const Fault& fault) {
        if (is_on_uring()) return on_ring(IORING_OP_FSYNC, fault);
        on(Call::fsync, fault);
    }
    [[nodiscard]] int met() const { return calls_.met() + ring_.met(); }
    [[nodiscard]] int calls(Call call) const { return calls_.calls(call); }

private:
    SystemFaults calls_{Threads::all};
    UringFaults ring_;
};

// Everything that a file can do, and what it has come to.
Coro<std::string> use(std::string path) {
    const Bytes text = some_bytes(200);
    const File file = co_await open_file(path, "w+");
    co_await file.write(text);
    co_await file.pwrite("0123456789", 100);
    co_await file.sync();
    const File more = co_await open_file(path, "a");
    co_await more.write("the end");
    co_await more.truncate(205);
    EXPECT_EQ(file.seek(0), 0);
    Bytes got = co_await file.read(150);
    got += co_await file.read();
    EXPECT_EQ(file.tell(), 205);
    EXPECT_EQ(co_await file.pread(8, 101), "12345678");
    Bytes expected = text + "the e";
    expected.replace(100, 10, "0123456789");
    co_return got == expected ? "right" : got;
}

// ---- less than was asked for, or not yet

TEST_F(FileFaults, a_file_is_whole_however_little_each_call_takes_or_gives) {
    for (std::size_t n = 1; n <= 20; ++n) {
        run_clean([](std::string path, std::size_t bytes) -> Coro<void> {
            Disk disk;
            const Fault little{.bytes_max = bytes, .times = always};
            disk.on_read(little);
            disk.on_write(little);
            disk.on_write(little, true);
            EXPECT_EQ(co_await use(path), "right") << bytes << " bytes at a time";
            EXPECT_GE(disk.met(), static_cast<int>(2 * 200 / bytes));
        }(path(), n));
    }
}

// As it should be whenever such a call fails so, several times in a row.
void withstand(const std::string& path, Call call, int operation, int error) {
    for (int n = 1;; ++n) {
        int met = 0;
        run_clean([](std::string file, auto what, int& count) -> Coro<void> {
            const auto [name, entry, code, first] = what;
            Disk disk;
            const Fault fault{.error = code, .first = first, .times = 3};
            is_on_uring() && entry >= 0 ? disk.on_ring(entry, fault) : disk.on(name, fault);
            EXPECT_EQ(co_await use(file), "right") << "the " << first << ". time";
            count = disk.met();
        }(path, std::tuple(call, operation, error, n), met));
        if (met == 0) {
            EXPECT_GT(n, 1) << "call " << static_cast<int>(call) << " is not made";
            return;
        }
    }
}

TEST_F(FileFaults, a_file_goes_on_where_a_call_is_interrupted) {
    withstand(path(), Call::open, -1, EINTR);
    withstand(path(), Call::ftruncate, -1, EINTR);
    withstand(path(), Call::write, -1, EINTR);
    withstand(path(), Call::preadv2, IORING_OP_READ, EINTR);
    withstand(path(), Call::pwrite, IORING_OP_WRITE, EINTR);
    withstand(path(), Call::fsync, IORING_OP_FSYNC, EINTR);
}

TEST_F(FileFaults, a_file_goes_on_where_the_system_has_nothing_in_memory) {
    for (const int error : {EAGAIN, EOPNOTSUPP}) {
        run_clean([](std::string path, int code) -> Coro<void> {
            Disk disk;
            disk.on(Call::preadv2, {.error = code, .times = always});
            disk.on(Call::pread, {.error = EINTR, .times = 3});
            disk.on_ring(IORING_OP_READ, {.error = EAGAIN, .times = 3});
            EXPECT_EQ(co_await use(path), "right");
            EXPECT_GE(disk.met(), 3);
            if (!is_on_uring()) EXPECT_GT(disk.calls(Call::pread), 3) << "no thread has read";
        }(path(), error));
    }
}

// ---- what cannot be done

std::string told_of(int error, const std::string& path) {
    return "[Errno " + std::to_string(error) + "] " + std::strerror(error) + ": '" + path + "'";
}

TEST_F(FileFaults, a_file_tells_what_reading_failed_with_and_stays_where_it_is) {
    make("0123456789");
    for (const int error : {EIO, ENOMEM, EACCES}) {
        run_clean([](std::string path, int code) -> Coro<void> {
            const File file = co_await open_file(path);
            EXPECT_EQ(co_await file.read(2), "01");
            for (const bool after_some : {false, true}) {
                Disk disk;
                if (after_some) disk.on_read({.bytes_max = 3});
                disk.on_read({.error = code, .first = after_some ? 2 : 1});
                const std::string told = co_await outcome(file.read(8));
                EXPECT_TRUE(told.ends_with(told_of(code, path))) << told;
                EXPECT_EQ(file.tell(), 2);
                EXPECT_EQ(co_await file.pread(8, 2), "23456789");
            }
            EXPECT_EQ(co_await file.read(), "23456789");
        }(path(), error));
    }
}

// A full disk, in the first place.
TEST_F(FileFaults, a_file_tells_what_writing_failed_with_and_stays_where_it_is) {
    for (const int error : {ENOSPC, EDQUOT, EFBIG, EIO}) {
        run_clean([](const FileFaults& here, int code) -> Coro<void> {
            for (const bool appends : {false, true}) {
                here.make("");
                const File file = co_await open_file(here.path(), appends ? "a" : "w");
                co_await file.write("one ");
                for (const bool after_some : {false, true}) {
                    if (after_some && appends) continue;  // some would stay
                    Disk disk;
                    if (after_some) disk.on_write({.bytes_max = 3});
                    disk.on_write({.error = code, .first = after_some ? 2 : 1}, appends);
                    const std::string told = co_await outcome(file.write("two three"));
                    EXPECT_TRUE(told.ends_with(told_of(code, here.path()))) << told;
                    EXPECT_EQ(file.tell(), 4);
                }
                co_await file.write("two three");
                EXPECT_EQ(here.contents(), "one two three");
            }
        }(*this, error));
    }
}

TEST_F(FileFaults, a_file_tells_that_it_is_not_on_the_disk) {
    for (const int error : {EIO, ENOSPC, EDQUOT}) {
        run_clean([](std::string path, int code) -> Coro<void> {
            const File file = co_await open_file(path, "w");
            Disk disk;
            disk.on_sync({.error = code});
            const std::string told = co_await outcome(file.sync());
            EXPECT_TRUE(told.ends_with(told_of(code, path))) << told;
            co_await file.sync();
        }(path(), error));
    }
}

TEST_F(FileFaults, a_file_tells_that_it_cannot_be_cut) {
    run_clean([](std::string path) -> Coro<void> {
        const File file = co_await open_file(path, "w");
        Disk disk;
        disk.on(Call::ftruncate, {.error = EFBIG});
        const std::string told = co_await outcome(file.truncate(10));
        EXPECT_TRUE(told.ends_with(told_of(EFBIG, path))) << told;
        co_await file.truncate(10);
        EXPECT_EQ(file.size(), 10);
    }(path()));
}

TEST_F(FileFaults, open_file_tells_that_no_descriptor_is_left) {
    make("there");
    for (const int error : {EMFILE, ENFILE, ENOMEM, EIO}) {
        run_clean([](std::string path, int code) -> Coro<void> {
            Disk disk;
            disk.on(Call::open, {.error = code, .times = 2});
            std::string told = co_await outcome(open_file(path));
            EXPECT_TRUE(told.ends_with(told_of(code, path))) << told;
            told = co_await outcome(read_bytes(path));
            EXPECT_TRUE(told.ends_with(told_of(code, path))) << told;
            EXPECT_EQ(co_await read_bytes(path), "there");
        }(path(), error));
    }
}

// The real thing, as a limit of the process: the system takes what fits, and then refuses.
TEST_F(FileFaults, a_file_that_may_not_grow_tells_so_and_the_process_goes_on) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "ThreadSanitizer lets the child of a fork start no threads";
#endif
#endif
    const auto write_too_much = [this] {
        const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::string told;
        run([](const FileFaults& here, std::string& to) -> Coro<void> {
            const File file = co_await open_file(here.path(), "w");
            to = co_await outcome(file.write(Bytes(3000, 'x')));
        }(*this, told));
        return told == "OSError: " + told_of(EFBIG, path()) && contents().size() == 1000 ? 7 : 1;
    };
    EXPECT_EQ(testing::in_fork(write_too_much), 7);
}

// ---- files that are replaced as a whole

// Whatever fails, there is the old file or the new one, whole, and nothing beside it.
TEST_F(FileFaults, a_replaced_file_is_the_old_one_or_the_new_one_whichever_call_fails) {
    const Bytes text = some_bytes(100);
    for (const Call call : {Call::open, Call::fchmod, Call::write, Call::fsync, Call::rename}) {
        for (const int error : {EIO, ENOSPC, EDQUOT, EMFILE, EACCES}) {
            for (int n = 1;; ++n) {
                make("old");
                bool met = false;
                run_clean([](const FileFaults& here, const Bytes& data, auto what,
                             bool& was_met) -> Coro<void> {
                    const auto [name, code, first] = what;
                    Disk disk;
                    disk.on(Call::write, {.bytes_max = 30, .times = always});
                    disk.on(name, {.error = code, .first = first});
                    const std::string told =
                        co_await outcome(write_bytes(here.path(), data, {.atomic = true}));
                    was_met = told != "ok";
                    if (told != "ok") {
                        EXPECT_NE(told.find("[Errno " + std::to_string(code) + "]"),
                                  std::string::npos)
                            << told;
                    }
                    // The last step makes the name last, which is the new file's by then.
                    const bool is_last = name == Call::fsync && first == 2;
                    EXPECT_TRUE(here.contents() == (told == "ok" || is_last ? data : "old"))
                        << "call " << static_cast<int>(name) << ", the " << first << ". time";
                    EXPECT_EQ(here.files(), 1U) << "what was begun is left";
                }(*this, text, std::tuple(call, error, n), met));
                if (!met) {
                    EXPECT_GT(n, 1) << "call " << static_cast<int>(call) << " is not made";
                    break;
                }
            }
        }
    }
}

TEST_F(FileFaults, a_file_is_replaced_although_calls_are_interrupted) {
    const Bytes text = some_bytes(100);
    make("old");
    for (const Call call : {Call::open, Call::fchmod, Call::write, Call::fsync}) {
        for (int n = 1; n <= 2; ++n) {
            run_clean([](const FileFaults& here, const Bytes& data, Call name,
                         int first) -> Coro<void> {
                Disk disk;
                disk.on(name, {.error = EINTR, .first = first, .times = 3});
                EXPECT_EQ(co_await outcome(write_bytes(here.path(), data, {.atomic = true})), "ok")
                    << "call " << static_cast<int>(name) << ", the " << first << ". time";
                EXPECT_TRUE(here.contents() == data);
                EXPECT_EQ(here.files(), 1U);
            }(*this, text, call, n));
        }
    }
}

TEST_F(FileFaults, a_file_that_is_new_and_cannot_be_written_is_not_there) {
    run_clean([](const FileFaults& here) -> Coro<void> {
        Disk disk;
        disk.on(Call::write, {.bytes_max = 30});
        disk.on(Call::write, {.error = ENOSPC, .first = 2});
        const std::string told =
            co_await outcome(write_bytes(here.path(), Bytes(100, 'x'), {.atomic = true}));
        EXPECT_TRUE(told.ends_with(told_of(ENOSPC, here.path()))) << told;
        EXPECT_EQ(here.files(), 0U);
    }(*this));
}

}  // namespace
}  // namespace weft

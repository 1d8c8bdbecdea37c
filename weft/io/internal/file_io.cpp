// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/file_io.hpp>

#include <algorithm>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/file_state.hpp>
#include <weft/io/internal/turn_budget.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {
namespace {

// What a thread takes at once: it copies, so that a cancelled task need not wait for it.
constexpr std::size_t thread_bytes_max = std::size_t{1} << 20;

// An operation that the backend does by itself: `co_await` gives a count or a negative errno. A
// cancelled one that has begun ends first, since the kernel has its buffer.
class FileWait final : public Op, public IoOperation {
public:
    FileWait(IoKind what, int descriptor, const void* data, std::size_t size, std::int64_t at,
             const OpKind& name) noexcept
        : IoOperation(what, descriptor), name_(name) {
        buffer = static_cast<std::byte*>(const_cast<void*>(data));
        length = size;
        offset = at;
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    std::int32_t await_resume() {
        turn_was_taken();
        raise_if_cancelled();
        return result_;
    }

    CancelAck cancel() noexcept override {
        if (task()->loop().system().cancel(*this)) return CancelAck::now;
        // It may have been completed meanwhile.
        return outcome == Outcome::value ? CancelAck::refused : CancelAck::later;
    }
    // What was read can be read again; what was written, was.
    [[nodiscard]] bool result_wins() const noexcept override {
        return IoOperation::kind != IoKind::file_read;
    }
    void complete(std::int32_t result, bool) noexcept override {
        result_ = result;
        task()->wake(result == -ECANCELED ? Outcome::cancelled : Outcome::value);
    }

private:
    void start(PromiseBase& frame) {
        frame.task->loop().system().submit(*this);
        suspend(frame, name_);
    }
    const OpKind& name_;
    std::int32_t result_ = 0;
};

constexpr OpKind kind_of(const char* name) noexcept {
    return {name, OpDetail::descriptor, offsetof(FileWait, fd)};
}
constexpr OpKind kind_of_read = kind_of("File.read");
constexpr OpKind kind_of_write = kind_of("File.write");
constexpr OpKind kind_of_sync = kind_of("File.sync");

struct FileIo {
    IoKind kind;
    int fd;
    const void* data;
    std::size_t size;
    std::int64_t offset;
    const OpKind& name;
    [[nodiscard]] FileWait make_awaiter() const noexcept {
        return {kind, fd, data, size, offset, name};
    }
};

std::size_t checked(std::ptrdiff_t result, const FileState& file) {
    if (result < 0) throw_os_error(static_cast<int>(-result), "'" + file.path() + "'");
    return static_cast<std::size_t>(result);
}

template <class Call>
std::ptrdiff_t uninterrupted(Call call) noexcept {
    ssize_t result = 0;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

// What the system has in memory; nothing where somebody would have to wait, or the file system
// cannot tell.
std::optional<std::ptrdiff_t> read_at_once(int fd, std::span<char> into,
                                           std::int64_t offset) noexcept {
    const iovec piece{.iov_base = into.data(), .iov_len = into.size()};
    const std::ptrdiff_t result =
        uninterrupted([&] { return ::preadv2(fd, &piece, 1, offset, RWF_NOWAIT); });
    if (result == -EAGAIN || result == -EOPNOTSUPP) return std::nullopt;
    return result;
}

std::pair<Bytes, std::ptrdiff_t> read_in_thread(const OpenFile& file, std::size_t size,
                                                std::int64_t offset) {
    const int fd = file->get();
    Bytes data(size, '\0');
    const std::ptrdiff_t result = uninterrupted([&] {
        return offset < 0 ? ::read(fd, data.data(), size) : ::pread(fd, data.data(), size, offset);
    });
    return {std::move(data), result};
}

std::ptrdiff_t write_in_thread(const OpenFile& file, const Bytes& data, std::int64_t offset) {
    const int fd = file->get();
    return uninterrupted([&] {
        return offset < 0 ? ::write(fd, data.data(), data.size())
                          : ::pwrite(fd, data.data(), data.size(), offset);
    });
}

}  // namespace

Coro<std::size_t> read_some(FileState& file, std::span<char> into, std::int64_t offset) {
    co_await transparent;
    const OpenFile open = file.file();
    const bool is_positional = offset >= 0;
    if (is_positional && get_running_loop().system().does_files()) {
        const std::int32_t result = co_await FileIo{.kind = IoKind::file_read,
                                                    .fd = open->get(),
                                                    .data = into.data(),
                                                    .size = into.size(),
                                                    .offset = offset,
                                                    .name = kind_of_read};
        co_return checked(result, file);
    }
    if (is_positional) {
        if (turn_is_due()) co_await sleep(Nanoseconds::zero());
        const auto result = read_at_once(open->get(), into, offset);
        if (result) co_return checked(*result, file);
    }
    const std::size_t size = std::min(into.size(), thread_bytes_max);
    const auto [data, result] = co_await to_thread(read_in_thread, open, size, offset);
    const std::size_t count = checked(result, file);
    data.copy(into.data(), count);
    co_return count;
}

Coro<std::size_t> write_some(FileState& file, BytesView data, std::int64_t offset) {
    co_await transparent;
    const OpenFile open = file.file();
    if (offset >= 0 && get_running_loop().system().does_files()) {
        const std::int32_t result = co_await FileIo{.kind = IoKind::file_write,
                                                    .fd = open->get(),
                                                    .data = data.data(),
                                                    .size = data.size(),
                                                    .offset = offset,
                                                    .name = kind_of_write};
        co_return checked(result, file);
    }
    const Bytes piece(data.substr(0, thread_bytes_max));
    co_return checked(co_await to_thread(write_in_thread, open, piece, offset), file);
}

Coro<void> sync_to_disk(FileState& file) {
    co_await transparent;
    const OpenFile open = file.file();
    if (get_running_loop().system().does_files()) {
        const std::int32_t result = co_await FileIo{.kind = IoKind::file_sync,
                                                    .fd = open->get(),
                                                    .data = nullptr,
                                                    .size = 0,
                                                    .offset = 0,
                                                    .name = kind_of_sync};
        static_cast<void>(checked(result, file));
        co_return;
    }
    const auto sync = [](const OpenFile& synced) -> std::ptrdiff_t {
        return uninterrupted([&] { return ::fsync(synced->get()); });
    };
    static_cast<void>(checked(co_await to_thread(sync, open), file));
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/internal/file_io.hpp>
#include <weft/io/internal/file_state.hpp>
#include <weft/io/internal/null_free.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft {
namespace {

using internal::FileState;
using internal::OpenFile;

// What is read at once where nobody knows how much there is.
constexpr std::size_t piece_bytes = 64 * 1024;

std::string quoted(const std::string& path) { return "'" + path + "'"; }

void check_result(int result, const std::string& path) {
    if (result < 0) throw_os_error(errno, quoted(path));
}

template <class Call>
int uninterrupted(Call call) {
    int result = 0;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

// ---- opening

int flags_of(const std::string& mode) {
    const auto count = [&](char c) { return std::ranges::count(mode, c); };
    const auto kinds = count('r') + count('w') + count('a') + count('x');
    if (kinds != 1 || count('+') > 1 || count('b') > 1 ||
        mode.find_first_not_of("rwaxb+") != std::string::npos) {
        throw ValueError("invalid mode: " + quoted(mode) +
                         ", not one of r, w, a, x, with + to read and write");
    }
    int flags = O_CLOEXEC | O_NOCTTY;
    flags |= count('+') == 1 ? O_RDWR : count('r') == 1 ? O_RDONLY : O_WRONLY;
    if (count('w') == 1) flags |= O_CREAT | O_TRUNC;
    if (count('a') == 1) flags |= O_CREAT | O_APPEND;
    if (count('x') == 1) flags |= O_CREAT | O_EXCL;
    return flags;
}

struct Opened {
    OpenFile file;
    bool is_positional = false;
};

// For a thread that may wait.
Opened open_in_thread(const std::string& path, int flags, unsigned permissions) {
    const int fd = uninterrupted([&] { return ::open(path.c_str(), flags, permissions); });
    check_result(fd, path);
    auto file = std::make_shared<const internal::FileDescriptor>(fd, "open");
    struct stat status{};
    check_result(::fstat(fd, &status), path);
    if (S_ISDIR(status.st_mode)) throw_os_error(EISDIR, quoted(path));
    return {.file = std::move(file),
            .is_positional = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)};
}

Ref<FileState> state_of(Opened opened, std::string path, bool appends) {
    return Ref<FileState>(
        new FileState(std::move(opened.file), std::move(path), opened.is_positional, appends));
}

// ---- reading and writing

// At the position, or where the system has its own.
std::int64_t offset_of(const FileState& file) { return file.is_positional ? file.position : -1; }

std::int64_t size_of(const FileState& file) {
    struct stat status{};
    check_result(::fstat(file.file()->get(), &status), file.path());
    return status.st_size;
}

// Reads until there are so many, or the end.
Coro<std::size_t> fill(FileState& file, std::span<char> into, std::int64_t offset) {
    co_await transparent;
    std::size_t done = 0;
    while (done < into.size()) {
        const std::int64_t at = offset < 0 ? -1 : offset + static_cast<std::int64_t>(done);
        const std::size_t count = co_await internal::read_some(file, into.subspan(done), at);
        if (count == 0) break;
        done += count;
    }
    co_return done;
}

Coro<void> write_whole(FileState& file, BytesView data, std::int64_t offset) {
    co_await transparent;
    while (!data.empty()) {
        const std::size_t count = co_await internal::write_some(file, data, offset);
        data.remove_prefix(count);
        if (offset >= 0) offset += static_cast<std::int64_t>(count);
    }
}

// A file may grow, and those of /proc do not know their size.
Coro<Bytes> read_to_the_end(FileState& file, std::int64_t offset) {
    co_await transparent;
    const std::int64_t known = offset < 0 ? 0 : std::max<std::int64_t>(size_of(file) - offset, 0);
    Bytes all;
    for (std::size_t wanted = static_cast<std::size_t>(known) + 1;;) {
        const std::size_t before = all.size();
        all.resize(before + wanted);
        const std::int64_t at = offset < 0 ? -1 : offset + static_cast<std::int64_t>(before);
        const std::size_t count = co_await fill(file, std::span(all).subspan(before), at);
        all.resize(before + count);
        if (count < wanted) co_return all;
        wanted = std::max(piece_bytes, all.size());
    }
}

Coro<Bytes> read_up_to(FileState& file, std::size_t n, std::int64_t offset) {
    co_await transparent;
    Bytes all(n, '\0');
    all.resize(co_await fill(file, all, offset));
    co_return all;
}

void check_size(std::ptrdiff_t n) {
    if (n < 0) throw ValueError("a negative size: " + std::to_string(n));
}
void check_offset(std::int64_t offset, const FileState& file) {
    if (offset < 0) throw ValueError("a negative offset: " + std::to_string(offset));
    if (!file.is_positional) throw_os_error(ESPIPE, quoted(file.path()));
}

Coro<Bytes> read_at_position(Ref<FileState> file, std::ptrdiff_t n) {
    static_cast<void>(file->file());
    const auto turn = co_await file->turn.scoped();
    const std::int64_t offset = offset_of(*file);
    Bytes data = n < 0 ? co_await read_to_the_end(*file, offset)
                       : co_await read_up_to(*file, static_cast<std::size_t>(n), offset);
    file->position += static_cast<std::int64_t>(data.size());
    co_return data;
}

Coro<void> write_at_position(Ref<FileState> file, BytesView data) {
    static_cast<void>(file->file());
    const auto turn = co_await file->turn.scoped();
    co_await write_whole(*file, data, file->appends ? -1 : offset_of(*file));
    file->position =
        file->appends ? size_of(*file) : file->position + static_cast<std::int64_t>(data.size());
}

Coro<Bytes> read_at(Ref<FileState> file, std::ptrdiff_t n, std::int64_t offset) {
    check_size(n);
    check_offset(offset, *file);
    co_return co_await read_up_to(*file, static_cast<std::size_t>(n), offset);
}

Coro<std::size_t> read_into_at(Ref<FileState> file, std::span<std::byte> into,
                               std::int64_t offset) {
    check_offset(offset, *file);
    co_return co_await fill(*file, {reinterpret_cast<char*>(into.data()), into.size()}, offset);
}

Coro<void> write_at(Ref<FileState> file, BytesView data, std::int64_t offset) {
    check_offset(offset, *file);
    co_await write_whole(*file, data, offset);
}

Coro<void> truncate_to(Ref<FileState> file, std::int64_t size) {
    const auto truncate = [](const OpenFile& open, std::int64_t bytes) {
        const int result = uninterrupted([&] { return ::ftruncate(open->get(), bytes); });
        return result < 0 ? errno : 0;
    };
    const int error = co_await to_thread(truncate, file->file(), size);
    if (error != 0) throw_os_error(error, quoted(file->path()));
}

Coro<void> sync(Ref<FileState> file) { co_await internal::sync_to_disk(*file); }

// ---- whole files

// A new file beside another one, whose place it takes, or nobody's.
class Replacement {
public:
    Replacement(std::string path, unsigned permissions) : path_(std::move(path)) {
        do {
            made_ = path_ + "." + random_name();
            fd_ = ::open(made_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions);
        } while (fd_ < 0 && (errno == EEXIST || errno == EINTR));
        check_result(fd_, made_);
        struct stat old{};
        if (::stat(path_.c_str(), &old) == 0 &&
            uninterrupted([&] { return ::fchmod(fd_, old.st_mode & 07777); }) != 0) {
            const int error = errno;
            remove();
            throw_os_error(error, quoted(made_));
        }
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement() { remove(); }
    void write(BytesView data) {
        while (!data.empty()) {
            const ssize_t count = ::write(fd_, data.data(), data.size());
            if (count < 0 && errno == EINTR) continue;
            check(static_cast<int>(std::min<ssize_t>(count, 0)));
            data.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    // The contents are on the disk before the name is theirs, and the name afterwards. What can fail
    // does so before.
    void take_its_place() {
        check(uninterrupted([&] { return ::fsync(fd_); }));
        const std::size_t slash = path_.rfind('/');
        const std::string folder = slash == std::string::npos ? "."
                                   : slash == 0               ? "/"
                                                              : path_.substr(0, slash);
        const int fd = uninterrupted(
            [&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
        check_result(fd, folder);
        const internal::FileDescriptor owned(fd, "open");
        check(::rename(made_.c_str(), path_.c_str()));
        done_ = true;
        check_result(uninterrupted([&] { return ::fsync(fd); }), folder);
    }

private:
    void check(int result) const { check_result(result, path_); }
    void remove() const noexcept {
        ::close(fd_);
        if (!done_) ::unlink(made_.c_str());
    }
    static std::string random_name() {
        std::uint64_t number = 0;
        if (::getrandom(&number, sizeof number, 0) != sizeof number)
            throw_os_error(errno, "getrandom");
        return std::to_string(number);
    }
    std::string path_;
    std::string made_;
    int fd_ = -1;
    bool done_ = false;
};

// The file that a chain of symbolic links leads to: it is to be replaced, not the link.
std::string without_links(const std::string& path) {
    char* found = ::realpath(path.c_str(), nullptr);
    if (!found) return path;
    const std::unique_ptr<char, decltype([](char* text) { ::free(text); })> owned(found);
    return found;
}

void replace_in_thread(const std::string& path, const Bytes& data, unsigned permissions) {
    Replacement replacement(without_links(path), permissions);
    replacement.write(data);
    replacement.take_its_place();
}

}  // namespace

File::File(Ref<FileState> state) noexcept : state_(std::move(state)) {}
File::File(const File&) noexcept = default;
File::File(File&&) noexcept = default;
File& File::operator=(File other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
File::~File() = default;

Coro<Bytes> File::read(std::ptrdiff_t n) const { return read_at_position(state_, n); }
Coro<void> File::write(BytesView data) const { return write_at_position(state_, data); }
Coro<Bytes> File::pread(std::ptrdiff_t n, std::int64_t offset) const {
    return read_at(state_, n, offset);
}
Coro<std::size_t> File::pread_into(std::span<std::byte> into, std::int64_t offset) const {
    return read_into_at(state_, into, offset);
}
Coro<void> File::pwrite(BytesView data, std::int64_t offset) const {
    return write_at(state_, data, offset);
}
Coro<void> File::truncate(std::int64_t size) const { return truncate_to(state_, size); }
Coro<void> File::sync() const { return weft::sync(state_); }

std::int64_t File::seek(std::int64_t offset, Whence whence) const {
    const std::int64_t from = whence == Whence::set       ? 0
                              : whence == Whence::current ? tell()
                                                          : size();
    std::int64_t position = 0;
    if (__builtin_add_overflow(from, offset, &position) || position < 0) {
        throw ValueError("negative seek position " + std::to_string(offset));
    }
    check_offset(position, *state_);
    return state_->position = position;
}
std::int64_t File::tell() const {
    static_cast<void>(state_->file());
    return state_->position;
}
std::int64_t File::size() const { return size_of(*state_); }
void File::close() const noexcept { state_->close(); }
bool File::closed() const noexcept { return state_->is_closed(); }
int File::fileno() const noexcept { return state_->is_closed() ? -1 : state_->file()->get(); }
const std::string& File::name() const noexcept { return state_->path(); }

Coro<File> open_file(std::string path, std::string mode, OpenFileOptions options) {
    internal::check_null_free(path, "path");
    const int flags = flags_of(mode);
    Opened opened = co_await to_thread(open_in_thread, path, flags, options.permissions);
    co_return File(state_of(std::move(opened), std::move(path), (flags & O_APPEND) != 0));
}

Coro<Bytes> read_bytes(std::string path) {
    const File file = co_await open_file(std::move(path));
    co_return co_await file.read();
}

Coro<void> write_bytes(std::string path, Bytes data, WriteBytesOptions options) {
    internal::check_null_free(path, "path");
    if (options.atomic) {
        co_await to_thread(replace_in_thread, std::move(path), std::move(data),
                           options.permissions);
        co_return;
    }
    const File file =
        co_await open_file(std::move(path), "w", {.permissions = options.permissions});
    co_await file.write(data);
}

}  // namespace weft

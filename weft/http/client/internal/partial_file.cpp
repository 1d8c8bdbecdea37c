// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/partial_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/http/syntax.hpp>
#include <weft/io/file.hpp>
#include <weft/json/read.hpp>
#include <weft/json/write.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft::http::internal {
namespace {

constexpr std::ptrdiff_t note_bytes_max = std::ptrdiff_t{64} * 1024;

// Each time somebody else has just finished with the file that was opened.
constexpr int openings_max = 10;

std::string quoted(const std::string& path) { return "'" + path + "'"; }
std::string part_of(const std::string& path) { return path + ".part"; }
std::string note_of(const std::string& path) { return path + ".part.json"; }

bool is_value(const std::string& text) { return value_prefix(text) == text.size(); }

// ---- in a thread

// A device would be replaced by a file, and a folder be refused only in the end.
void check_target(const std::string& path) {
    if (path.empty()) throw_os_error(ENOENT, quoted(path));
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return;
    if (S_ISDIR(found.st_mode)) throw_os_error(EISDIR, quoted(path));
    throw_os_error_saying(EEXIST, quoted(path) + " is there, and is no regular file");
}

void sync_folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) throw_os_error(errno, quoted(folder));
    const int error = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (error != 0) throw_os_error(error, quoted(folder));
}

void remove_note(const std::string& path) {
    const std::string note = note_of(path);
    if (::unlink(note.c_str()) != 0 && errno != ENOENT) throw_os_error(errno, quoted(note));
}

void take_name(const std::string& path) {
    if (::rename(part_of(path).c_str(), path.c_str()) != 0) throw_os_error(errno, quoted(path));
    remove_note(
        path);  // later than that: with it, the next call can go on where this one has failed
}

// ---- on the loop: none of these waits for a disk, since the file is open

bool try_lock(const File& file) {
    if (::flock(file.fileno(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) throw_os_error(errno, quoted(file.name()));
    return false;
}

// Not so when another one finished or removed it before it was locked; nor of a link, which may lead
// to what is none of a download's.
bool has_its_name(const File& file) {
    struct stat open{};
    struct stat named{};
    return ::fstat(file.fileno(), &open) == 0 && ::lstat(file.name().c_str(), &named) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

Coro<File> open_locked(const std::string& path) {
    co_await transparent;
    for (int opening = 0; opening < openings_max; ++opening) {
        File file = co_await open_file(part_of(path), "a+");
        if (!try_lock(file)) break;
        if (has_its_name(file)) co_return file;
    }
    throw_os_error_saying(EWOULDBLOCK, "another download writes to " + quoted(part_of(path)));
}

// Nothing where there is none.
Coro<std::optional<Bytes>> read_note(const std::string& path) {
    co_await transparent;
    const auto note = co_await as_result(open_file(note_of(path)));
    if (!note && holds<FileNotFoundError>(note.error())) co_return std::nullopt;
    if (!note) std::rethrow_exception(note.error());
    co_return co_await note->read(note_bytes_max);
}

// One that cannot be read says nothing: the process may have ended while it was written.
std::optional<ContentVersion> version_said(const std::optional<Bytes>& note) {
    if (!note) return std::nullopt;
    auto version = weft::json::read<ContentVersion>(*note);
    if (!version || !is_value(version->validator)) return std::nullopt;
    return std::move(*version);
}

Coro<void> write_note(const std::string& path, const ContentVersion& version) {
    co_await transparent;
    const Bytes text = weft::json::dumps(version);
    const File note = co_await open_file(note_of(path), "x", {.permissions = 0600});
    co_await note.write(text);
}

}  // namespace

PartialFile::PartialFile(std::string path, File file, const std::optional<Bytes>& note)
    : path_(std::move(path)),
      file_(std::move(file)),
      has_note_(note.has_value()),
      version_(version_said(note)),
      size_(static_cast<std::uint64_t>(file_->size())) {}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, std::nullopt)),
      has_note_(other.has_note_),
      version_(std::move(other.version_)),
      size_(other.size_) {}

PartialFile::~PartialFile() {
    if (!file_) return;
    if (!version_ || size_ == 0) {
        ::unlink(note_of(path_).c_str());
        ::unlink(part_of(path_).c_str());
    }
    // A thread that has just written may keep the file open for a moment more, and the lock with it.
    ::flock(file_->fileno(), LOCK_UN);
}

std::string PartialFile::part_path() const { return part_of(path_); }

Coro<PartialFile> PartialFile::open(std::string path) {
    co_await transparent;
    co_await to_thread(check_target, path);
    co_return co_await shielded([&]() -> Coro<PartialFile> {
        co_await transparent;
        File file = co_await open_locked(path);
        const auto note = co_await read_note(path);
        co_return PartialFile(path, std::move(file), note);
    });
}

Coro<void> PartialFile::begin(std::optional<ContentVersion> version) {
    co_await transparent;
    co_await shielded([&]() -> Coro<void> {
        co_await transparent;
        version_.reset();
        if (has_note_) co_await to_thread(remove_note, path_);
        has_note_ = false;
        // Not where it is empty: what was cut to nothing, ext4 writes to the disk when it is closed,
        // which would hold the loop up for half a second for each GiB.
        if (size_ > 0) co_await file_->truncate(0);
        size_ = 0;
        has_note_ = version.has_value();
        if (version) co_await write_note(path_, *version);
        version_ = std::move(version);
    });
}

Coro<void> PartialFile::append(BytesView data) {
    co_await transparent;
    co_await shielded([&]() -> Coro<void> {
        co_await transparent;
        const auto written = co_await as_result(file_->write(data));
        size_ += data.size();
        if (written) co_return;
        size_ = static_cast<std::uint64_t>(file_->size());  // a full disk takes a part
        std::rethrow_exception(written.error());
    });
}

Coro<void> PartialFile::cut(std::uint64_t size) {
    co_await transparent;
    co_await shielded([&]() -> Coro<void> {
        co_await transparent;
        co_await file_->truncate(static_cast<std::int64_t>(size));
    });
    size_ = size;
}

Coro<void> PartialFile::finish(bool sync) {
    co_await transparent;
    co_await shielded([&]() -> Coro<void> {
        co_await transparent;
        if (sync) co_await file_->sync();
        co_await to_thread(take_name, path_);
        file_.reset();
        if (sync) co_await to_thread(sync_folder_of, path_);
    });
}

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
// weft/io/file.hpp - File: a file whose reads and writes do not hold the loop up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

namespace internal {
class FileState;
}

/// Where File::seek() counts from; Python's os.SEEK_SET and its like.
enum class Whence : std::uint8_t { set, current, end };

/// An open file, of bytes. A handle: copies are the same file with the same position, and it is
/// closed with the last of them.
///
/// On io_uring the kernel reads and writes by itself. On epoll what the system has in memory is
/// read at once, and for the rest a thread of the default executor waits.
///
/// Those that read or write at the position take turns: first come, first served. pread() and
/// pwrite() need none, and may go on beside each other and them.
///
/// Errors: OSError, with the path; ValueError("I/O operation on closed file.") after close().
/// Cancel: what is under way may still happen, but nobody hears of it; a position does not move
///         then. Buffers stay until the system has let go of them.
/// Spec:   Python's io.FileIO with awaits, as in anyio.AsyncFile.
class File {
public:
    File(const File&) noexcept;
    File(File&&) noexcept;
    File& operator=(File) noexcept;
    ~File();

    /// Reads up to `n` bytes, or to the end without `n`.
    /// Returns: less only at the end.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> read(
        std::ptrdiff_t n = -1) const;
    /// Writes all of `data`; in a file that was opened to append, behind its end.
    /// Lifetime: `data` must live until it has returned.
    [[nodiscard, clang::coro_wrapper]] Coro<void> write(BytesView data) const;

    /// Reads up to `n` bytes at an offset.
    /// Returns: less only at the end.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> pread(
        std::ptrdiff_t n, std::int64_t offset) const;
    /// The same into a buffer; gives how many bytes.
    /// Lifetime: `into` must live until it has returned.
    [[nodiscard, clang::coro_wrapper]] Coro<std::size_t> pread_into(std::span<std::byte> into,
                                                                    std::int64_t offset) const;
    /// Writes all of `data` at an offset.
    [[nodiscard, clang::coro_wrapper]] Coro<void> pwrite(BytesView data, std::int64_t offset) const;

    /// The position; an end that others append to is that of this moment.
    /// Errors: ValueError for one below zero.
    std::int64_t seek(std::int64_t offset, Whence whence = Whence::set) const;
    [[nodiscard]] std::int64_t tell() const;
    /// In bytes.
    [[nodiscard]] std::int64_t size() const;
    /// Cuts the file, or fills it up with zeros.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> truncate(
        std::int64_t size) const;
    /// Waits until what was written is on the disk: fsync(2).
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> sync() const;

    /// What is under way is still done. A second call does nothing.
    void close() const noexcept;
    [[nodiscard]] bool closed() const noexcept;
    /// -1 once it is closed.
    [[nodiscard]] int fileno() const noexcept;
    [[nodiscard]] const std::string& name() const noexcept;

    // Implementation.
    explicit File(Ref<internal::FileState> state) noexcept;

private:
    Ref<internal::FileState> state_;
};

struct OpenFileOptions {
    unsigned permissions = 0666;  ///< of a file that is made; less the umask
};

/// Opens a file. `mode` is Python's: "r", "w", "a", "x", each with "+" to read and write; "b" may
/// stand in it, since files are bytes. No child process inherits it.
///
/// Errors:   OSError such as FileNotFoundError, IsADirectoryError, FileExistsError
///           ValueError   another mode; a null character in the path
/// Cancel:   safe; a file that was opened meanwhile is closed.
/// Suspends: always.
/// Spec:     open(path, mode, buffering=0).
[[nodiscard]] Coro<File> open_file(std::string path, std::string mode = "r",
                                   OpenFileOptions options = {});

/// The contents of a file. Spec: Path.read_bytes().
/// Limits: none: all of it is in memory.
[[nodiscard]] Coro<Bytes> read_bytes(std::string path);

struct WriteBytesOptions {
    /// Whoever opens the path finds the old contents or the new ones, all of them, also after a
    /// power failure. A new file takes the place of the old one, with its permissions; a symbolic
    /// link is followed.
    bool atomic = false;
    unsigned permissions = 0666;  ///< where there was no file; less the umask
};

/// Makes `data` the contents of a file. Spec: Path.write_bytes().
/// Errors: OSError; with `atomic` the old file is as it was then, unless it is the folder that cannot
///         be brought to the disk: then the new one is there, and a power failure may undo that.
/// Lifetime: `data` is the coroutine's.
[[nodiscard]] Coro<void> write_bytes(std::string path, Bytes data, WriteBytesOptions options = {});

}  // namespace weft

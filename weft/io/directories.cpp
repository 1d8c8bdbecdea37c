// SPDX-License-Identifier: Apache-2.0
#include <weft/io/directories.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/os_error.hpp>
#include <weft/io/internal/null_free.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft::os {
namespace {

std::string quoted(const std::string& path) { return "'" + path + "'"; }

void check_path(const std::string& path) { internal::check_null_free(path, "path"); }

void check(int result, const std::string& path) {
    if (result != 0) throw_os_error(errno, quoted(path));
}
void check(const std::error_code& error, const std::string& path) {
    if (error) throw_os_error(error.value(), quoted(path));
}

FileType type_of(std::filesystem::file_type type) noexcept {
    switch (type) {
        case std::filesystem::file_type::regular:
            return FileType::file;
        case std::filesystem::file_type::directory:
            return FileType::directory;
        case std::filesystem::file_type::symlink:
            return FileType::symlink;
        default:
            return FileType::other;
    }
}

// ---- in a thread

std::vector<DirEntry> scan(const std::string& path) {
    std::error_code error;
    std::vector<DirEntry> all;
    std::filesystem::directory_iterator entries(path, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        std::error_code gone;  // since the directory was read
        const auto status = entries->symlink_status(gone);
        if (!gone) all.push_back({entries->path().filename().string(), type_of(status.type())});
    }
    check(error, path);
    std::ranges::sort(all, {}, &DirEntry::name);
    return all;
}

FileStatus status_of(const std::string& path) {
    struct stat found{};
    check(::stat(path.c_str(), &found), path);
    const auto since_epoch = std::chrono::seconds(found.st_mtim.tv_sec) +
                             std::chrono::nanoseconds(found.st_mtim.tv_nsec);
    return {.type = S_ISREG(found.st_mode)   ? FileType::file
                    : S_ISDIR(found.st_mode) ? FileType::directory
                                             : FileType::other,
            .size = found.st_size,
            .permissions = found.st_mode & 07777,
            .modified = std::chrono::system_clock::time_point(
                std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch))};
}

bool is_there(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) throw_os_error(errno, quoted(path));
    return false;
}

bool is_directory(const std::string& path) {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

void make(const std::string& path, MakedirsOptions options) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string above = path.substr(0, slash);
        if (slash + 1 == path.size() || ::mkdir(above.c_str(), 0777) == 0) continue;
        if (!is_directory(above)) throw_os_error(errno == EEXIST ? ENOTDIR : errno, quoted(above));
    }
    if (::mkdir(path.c_str(), options.permissions) == 0) return;
    const int error = errno;
    if (error == EEXIST && options.exist_ok && is_directory(path)) return;
    throw_os_error(error, quoted(path));
}

void remove_file(const std::string& path) { check(::unlink(path.c_str()), path); }

void remove_tree(const std::string& path) {
    struct stat found{};
    check(::lstat(path.c_str(), &found), path);
    if (!S_ISDIR(found.st_mode)) throw_os_error(ENOTDIR, quoted(path));
    std::error_code error;
    std::filesystem::remove_all(path, error);
    check(error, path);
}

void rename_file(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        throw_os_error(errno, quoted(from) + " -> " + quoted(to));
    }
}

}  // namespace

Coro<std::vector<DirEntry>> scandir(std::string path) {
    check_path(path);
    co_return co_await to_thread(scan, std::move(path));
}
Coro<FileStatus> stat(std::string path) {
    check_path(path);
    co_return co_await to_thread(status_of, std::move(path));
}
Coro<bool> exists(std::string path) {
    check_path(path);
    co_return co_await to_thread(is_there, std::move(path));
}
Coro<void> makedirs(std::string path, MakedirsOptions options) {
    check_path(path);
    co_await to_thread(make, std::move(path), options);
}
Coro<void> remove(std::string path) {
    check_path(path);
    co_await to_thread(remove_file, std::move(path));
}
Coro<void> rmtree(std::string path) {
    check_path(path);
    co_await to_thread(remove_tree, std::move(path));
}
Coro<void> replace(std::string from, std::string to) {
    check_path(from);
    check_path(to);
    co_await to_thread(rename_file, std::move(from), std::move(to));
}

}  // namespace weft::os

// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>

namespace process_images {
namespace {

namespace fs = std::filesystem;

bool is_named_jpeg(const fs::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return std::tolower(c); });
    return extension == ".jpg" || extension == ".jpeg";
}

// A pipe or a device would block its reader for ever.
bool may_be_read(const fs::directory_entry& entry) {
    std::error_code ignored;
    const fs::file_type type = entry.status(ignored).type();
    return type == fs::file_type::regular || type == fs::file_type::not_found;
}

int error_or(int otherwise) { return errno != 0 ? errno : otherwise; }

}  // namespace

std::vector<fs::path> find_jpegs(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (is_named_jpeg(entry.path()) && may_be_read(entry)) paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
}

std::vector<std::byte> read_file(const fs::path& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw std::system_error(error_or(EIO), std::generic_category(), "cannot open");
    const std::streamoff size = file.tellg();
    if (size > static_cast<std::streamoff>(file_bytes_max)) {
        throw std::system_error(EFBIG, std::generic_category(), "cannot read");
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) throw std::system_error(error_or(EIO), std::generic_category(), "cannot read");
    return bytes;
}

// Writes beside the target and renames, so that no reader ever sees half a file.
void write_file(const fs::path& path, std::span<const std::byte> bytes) {
    std::random_device random;
    auto temporary = path;
    temporary.replace_filename(
        fmt::format(".{}.{:08x}{:08x}.tmp", path.filename().string(), random(), random()));
    try {
        errno = 0;
        std::ofstream file(temporary, std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        file.close();
        if (!file) {
            throw fs::filesystem_error("cannot write", path,
                                       {error_or(EIO), std::generic_category()});
        }
        fs::rename(temporary, path);
    } catch (...) {
        std::error_code ignored;  // the first failure is the one to tell
        fs::remove(temporary, ignored);
        throw;
    }
}

fs::path cache_folder() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    fs::path base = fs::temp_directory_path();
    if (cache != nullptr && *cache == '/') {
        base = cache;
    } else if (home != nullptr && *home == '/') {
        base = fs::path(home) / ".cache";
    }
    return base / "weft" / "process_images";
}

}  // namespace process_images

// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/process.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <istream>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <apps/weft/elf_symbols.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft/base/visible.hpp>
#include <weft/runtime/debug_table.hpp>

namespace weft::app {
namespace {

std::string proc(int pid, const std::string& what) {
    return "/proc/" + std::to_string(pid) + "/" + what;
}

Failed no_such_process(int pid) {
    return {ExitCode::no_such_process, "there is no process " + std::to_string(pid)};
}

Failed no_permission(int pid) {
    std::string text = "no permission to read process " + std::to_string(pid) +
                       ": be its user or root, or have CAP_SYS_PTRACE";
    std::ifstream scope_file("/proc/sys/kernel/yama/ptrace_scope");
    if (int scope = 0; scope_file >> scope && scope > 0) {
        text += scope == 3 ? "; kernel.yama.ptrace_scope is 3, which forbids it to everybody"
                           : "; kernel.yama.ptrace_scope is " + std::to_string(scope) +
                                 ", where being its user is not enough (sysctl "
                                 "kernel.yama.ptrace_scope=0 lifts that)";
    }
    return {ExitCode::no_permission, text};
}

bool parse_hex(std::string_view text, std::uint64_t& into) {
    const auto end = text.data() + text.size();
    return std::from_chars(text.data(), end, into, 16).ptr == end;
}

// "55d0-55d8 r-xp 00002000 08:01 123   /usr/bin/x"
std::optional<Mapping> parse_mapping(const std::string& line) {
    std::istringstream in(line);
    std::string range, mode, offset, device, inode;
    if (!(in >> range >> mode >> offset >> device >> inode)) return std::nullopt;
    Mapping mapping{};
    const std::size_t dash = range.find('-');
    if (dash == std::string::npos ||
        !parse_hex(std::string_view(range).substr(0, dash), mapping.from) ||
        !parse_hex(std::string_view(range).substr(dash + 1), mapping.to) ||
        !parse_hex(offset, mapping.offset)) {
        return std::nullopt;
    }
    mapping.readable = mode.starts_with('r');
    if (inode != "0") {
        std::getline(in >> std::ws, mapping.file);
        if (mapping.file.empty()) mapping.file = "?";
    }
    return mapping;
}

class File {
public:
    explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] bool is_regular() const noexcept {
        struct stat about{};
        return fd_ >= 0 && fstat(fd_, &about) == 0 && S_ISREG(about.st_mode);
    }
    [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> into) const noexcept {
        while (!into.empty()) {
            if (offset > INT64_MAX) return false;
            const ssize_t got = pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return false;
            offset += static_cast<std::uint64_t>(got);
            into = into.subspan(static_cast<std::size_t>(got));
        }
        return true;
    }

private:
    int fd_;
};

}  // namespace

std::string printable(std::string text) {
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        const auto [size, is_visible] = first_character(rest);
        if (is_visible) {
            out += rest.substr(0, size);
        } else {
            out += '?';
        }
        rest.remove_prefix(size);
    }
    return out;
}

Process::Process(int pid) : pid_(pid) {
    struct stat about{};
    if (pid <= 0 || stat(proc(pid, "").c_str(), &about) != 0) throw no_such_process(pid);
    std::array<char, 4096> path{};
    const ssize_t length = readlink(proc(pid, "exe").c_str(), path.data(), path.size());
    if (length > 0) {
        name_.assign(path.data(), static_cast<std::size_t>(length));
        name_ = printable(name_.substr(name_.rfind('/') + 1));
    } else {
        std::ifstream comm(proc(pid, "comm"));
        std::getline(comm, name_);
        name_ = printable(name_);
    }
    read_mappings();
}

void Process::read_mappings() {
    std::ifstream maps(proc(pid_, "maps"));
    if (!maps)
        throw errno == ENOENT || errno == ESRCH ? no_such_process(pid_) : no_permission(pid_);
    for (std::string line; std::getline(maps, line);) {
        if (auto mapping = parse_mapping(line)) mappings_.push_back(std::move(*mapping));
    }
    if (!mappings_.empty()) return;
    // The kernel shows an empty file to some of those who may not look.
    char byte = 0;
    static_cast<void>(read_into(0, byte));
}

bool Process::read(std::uint64_t address, std::span<std::byte> into) const {
    while (!into.empty()) {
        iovec here{into.data(), into.size()};
        iovec there{reinterpret_cast<void*>(address), into.size()};
        const ssize_t got = process_vm_readv(pid_, &here, 1, &there, 1, 0);
        if (got < 0 && errno == EPERM) throw no_permission(pid_);
        if (got < 0 && errno == ESRCH) {
            throw Failed(ExitCode::no_such_process,
                         "process " + std::to_string(pid_) + " has ended");
        }
        if (got <= 0) return false;
        address += static_cast<std::uint64_t>(got);
        into = into.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool Process::read_text(std::uint64_t address, std::size_t length_max, std::string& into) const {
    // Piece by piece, since nothing may be mapped behind its end. Pages are multiples of this.
    constexpr std::uint64_t piece = 256;
    std::string text;
    while (text.size() < length_max) {
        std::array<char, piece> bytes{};
        const std::uint64_t at = address + text.size();
        const std::size_t count = piece - at % piece;
        if (!read(at, std::as_writable_bytes(std::span(bytes.data(), count)))) return false;
        const auto end = std::find(bytes.begin(), bytes.begin() + count, '\0');
        text.append(bytes.begin(), end);
        if (end != bytes.begin() + count) break;
    }
    if (text.size() > length_max) text.resize(length_max);
    into = printable(std::move(text));
    return true;
}

bool Process::read_text_of_length(std::uint64_t address, std::size_t length,
                                  std::string& into) const {
    std::string text(length, '\0');
    if (!read(address, std::as_writable_bytes(std::span(text)))) return false;
    into = printable(std::move(text));
    return true;
}

bool Process::is_from_file(std::uint64_t address, std::uint64_t length) const noexcept {
    const auto behind = std::ranges::upper_bound(mappings_, address, {}, &Mapping::from);
    if (behind == mappings_.begin()) return false;
    const Mapping& mapping = *std::prev(behind);
    return mapping.readable && !mapping.file.empty() && address < mapping.to &&
           length <= mapping.to - address;
}

std::vector<std::uint64_t> Process::find_tables() const {
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::array<char, 4096> path{};
    const ssize_t length = readlink(proc(pid_, "exe").c_str(), path.data(), path.size());
    const std::string program(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);

    std::vector<std::uint64_t> tables;
    std::set<std::string> seen;
    for (const Mapping& first : mappings_) {
        // Files are mapped from low to high: the first mapping of a file is that of its first
        // segment.
        if (first.file.empty() || !seen.insert(first.file).second) continue;
        // Through /proc, since the process may live in another root, and its program may have been
        // replaced since.
        const File file(first.file == program ? proc(pid_, "exe")
                                              : proc(pid_, "root") + first.file);
        if (!file.is_regular()) continue;
        const auto place =
            find_in_elf([&](std::uint64_t offset,
                            std::span<std::byte> into) { return file.read(offset, into); },
                        ".weft_debug", "weft_debug", offsetof(weft_debug_table, release));
        if (place) tables.push_back(first.from - place->first_load / page * page + place->address);
    }
    return tables;
}

Process::Thread Process::thread(int number) const {
    Thread thread;
    const std::string folder = "task/" + std::to_string(number) + "/";
    std::ifstream comm(proc(pid_, folder + "comm"));
    std::getline(comm, thread.name);
    thread.name = printable(thread.name);
    std::ifstream stat_file(proc(pid_, folder + "stat"));
    std::string line;
    std::getline(stat_file, line);
    // "4711 (name, may hold brackets) S …"
    const std::size_t bracket = line.rfind(')');
    if (bracket != std::string::npos && bracket + 2 < line.size()) thread.state = line[bracket + 2];
    return thread;
}

}  // namespace weft::app

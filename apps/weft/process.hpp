// SPDX-License-Identifier: Apache-2.0
// apps/weft/process.hpp - the memory of another process, read while it goes on running.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace weft::app {

/// How the command ends; documented in --help.
enum class ExitCode : int {
    success = 0,
    no_such_process = 1,
    usage = 2,
    no_permission = 3,
    not_weft = 4,
    version_differs = 5,
    unreadable = 6,
};

/// Why there is nothing to show, as one line for people.
class Failed : public std::runtime_error {
public:
    Failed(ExitCode why, const std::string& text) : std::runtime_error(text), code(why) {}
    ExitCode code;
};

struct Mapping {
    std::uint64_t from;
    std::uint64_t to;
    std::uint64_t offset;
    bool readable;
    std::string file;  // empty when it is of no file
};

class Process {
public:
    /// Errors: Failed with no_such_process or no_permission.
    explicit Process(int pid);

    [[nodiscard]] int pid() const noexcept { return pid_; }
    /// The program's name, without its folder.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::vector<Mapping>& mappings() const noexcept { return mappings_; }

    /// Copies memory; false when not all of it is mapped.
    /// Errors: Failed with no_permission, or no_such_process when it has ended.
    [[nodiscard]] bool read(std::uint64_t address, std::span<std::byte> into) const;
    template <class T>
    [[nodiscard]] bool read_into(std::uint64_t address, T& into) const {
        static_assert(std::is_trivially_copyable_v<T>);
        return read(address, std::as_writable_bytes(std::span(&into, 1)));
    }
    /// Text up to its end or `length_max`, with anything but printable UTF-8 replaced by '?'.
    /// False when it cannot be read.
    [[nodiscard]] bool read_text(std::uint64_t address, std::size_t length_max,
                                 std::string& into) const;
    [[nodiscard]] bool read_text_of_length(std::uint64_t address, std::size_t length,
                                           std::string& into) const;
    /// Whether that much from the address on is mapped from a file: constants are.
    [[nodiscard]] bool is_from_file(std::uint64_t address, std::uint64_t length) const noexcept;

    /// Where each weft_debug of the program and its libraries is loaded; empty when there is none.
    [[nodiscard]] std::vector<std::uint64_t> find_tables() const;

    struct Thread {
        std::string name;
        char state = '?';  // as in ps(1): R runs, S sleeps, D waits for a disk, T is stopped
    };
    [[nodiscard]] Thread thread(int number) const;

private:
    void read_mappings();

    int pid_;
    std::string name_;
    std::vector<Mapping> mappings_;  // by address
};

/// What is no visible character of UTF-8 (weft/base/visible.hpp) becomes '?'.
[[nodiscard]] std::string printable(std::string text);

}  // namespace weft::app

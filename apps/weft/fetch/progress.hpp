// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/progress.hpp - what the user sees while files come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

namespace weft::app {

/// A file that comes just now.
struct Coming {
    std::string name;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total = std::nullopt;
};

struct ProgressState {
    std::size_t urls = 0;
    std::size_t ended = 0;
    std::size_t failed = 0;
    std::uint64_t received = 0;
    double seconds = 0;  ///< since it began
    std::list<Coming> coming = {};
};

/// "12/100  1 failed  34.5 MB  5.20 MB/s  big.iso 45 %  other.iso 1.20 MB", of at most `columns`
/// characters: names that have no room are left out.
[[nodiscard]] std::string format_progress(const ProgressState& state, std::size_t columns);

/// A line at the bottom of the terminal that stderr is; nothing where it is none.
class ProgressLine {
public:
    ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { clear(); }

    [[nodiscard]] bool is_shown() const noexcept { return is_terminal_; }
    void show(const ProgressState& state);
    /// Before anything else is printed.
    void clear();

private:
    bool is_terminal_;
    bool is_drawn_ = false;
};

}  // namespace weft::app

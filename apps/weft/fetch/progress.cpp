// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/progress.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <apps/weft/fetch/report.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::app {
namespace {

constexpr std::size_t name_columns_max = 24;

std::size_t columns_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Its first characters.
std::string shortened(std::string_view utf8) {
    std::size_t columns = 0;
    std::size_t end = 0;
    for (; end < utf8.size(); ++end) {
        const bool begins = (static_cast<unsigned char>(utf8[end]) & 0xC0U) != 0x80U;
        if (begins && columns++ == name_columns_max) return std::string(utf8.substr(0, end)) + "…";
    }
    return std::string(utf8);
}

std::string format_coming(const Coming& file) {
    const std::string name = shortened(file.name);
    if (!file.total || *file.total == 0) return name + " " + format_bytes(file.bytes);
    const std::uint64_t percent = static_cast<std::uint64_t>(
        100.0 * static_cast<double>(file.bytes) / static_cast<double>(*file.total));
    return name + " " + std::to_string(percent) + " %";
}

std::size_t terminal_columns() {
    winsize size{};
    constexpr std::size_t usual = 80;
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

}  // namespace

std::string format_progress(const ProgressState& state, std::size_t columns) {
    std::string line = std::to_string(state.ended) + "/" + std::to_string(state.urls);
    if (state.failed > 0) line += "  " + std::to_string(state.failed) + " failed";
    line += "  " + format_bytes(state.received);
    if (state.seconds > 0) {
        const double rate = static_cast<double>(state.received) / state.seconds;
        line += "  " + format_bytes(static_cast<std::uint64_t>(rate)) + "/s";
    }
    for (const Coming& file : state.coming) {
        const std::string more = "  " + format_coming(file);
        if (columns_of(line) + columns_of(more) > columns) break;
        line += more;
    }
    return line;
}

ProgressLine::ProgressLine() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

// The last column stays free: some terminals begin a new line at it. And none is begun where a sign
// takes two columns, since then only the last line would be drawn anew.
void ProgressLine::show(const ProgressState& state) {
    if (!is_terminal_) return;
    std::fprintf(stderr, "\r\x1b[?7l%s\x1b[K\x1b[?7h",
                 format_progress(state, terminal_columns() - 1).c_str());
    std::fflush(stderr);
    is_drawn_ = true;
}

void ProgressLine::clear() {
    if (!is_drawn_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    is_drawn_ = false;
}

}  // namespace weft::app

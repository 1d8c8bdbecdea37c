// SPDX-License-Identifier: Apache-2.0
#include <weft/base/log.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace weft {
namespace {

const char* name(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "?";
}

void write_to_stderr(LogLevel level, std::string_view text) noexcept {
    static const bool verbose = internal::debug_wanted();
    if (level < LogLevel::warning && !verbose) return;
    std::fprintf(stderr, "weft %s: %.*s\n", name(level), static_cast<int>(text.size()),
                 text.data());
}

constinit std::atomic<LogHook> current_hook{write_to_stderr};

}  // namespace

LogHook set_log_hook(LogHook hook) noexcept {
    const LogHook old = current_hook.exchange(hook ? hook : write_to_stderr);
    return old == write_to_stderr ? nullptr : old;
}

bool internal::debug_wanted() noexcept {
    const char* setting = std::getenv("WEFT_DEBUG");
    return setting && *setting && std::strcmp(setting, "0") != 0;
}

void log(LogLevel level, std::string_view text) noexcept { current_hook.load()(level, text); }

}  // namespace weft

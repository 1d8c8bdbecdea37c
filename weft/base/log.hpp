// SPDX-License-Identifier: Apache-2.0
// weft/base/log.hpp - where the library's own reports go.
#pragma once

#include <string_view>

namespace weft {

enum class LogLevel { debug, info, warning, error };

/// Takes one report: text without a trailing newline, possibly of several lines. May be called
/// from any thread, and must not throw.
using LogHook = void (*)(LogLevel level, std::string_view text) noexcept;

/// Replaces the hook; null brings back the default, which writes "weft LEVEL: text" to stderr
/// (debug and info only when WEFT_DEBUG is set and not "0"). Returns the hook that was
/// there; null for the default.
/// Thread: any.
LogHook set_log_hook(LogHook hook) noexcept;

/// Thread: any.
void log(LogLevel level, std::string_view text) noexcept;

namespace internal {
/// Whether WEFT_DEBUG is set and not "0".
[[nodiscard]] bool debug_wanted() noexcept;
}  // namespace internal

}  // namespace weft

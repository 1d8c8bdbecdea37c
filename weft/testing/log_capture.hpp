// SPDX-License-Identifier: Apache-2.0
// weft/testing/log_capture.hpp - what the log was told.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include <weft/base/log.hpp>

namespace weft::testing {

/// Takes what the log is told, from any thread, while it lives: one at a time.
class LogCapture {
public:
    LogCapture() {
        const std::lock_guard lock(mutex);
        text.clear();
        before_ = set_log_hook([](LogLevel, std::string_view told) noexcept {
            const std::lock_guard held(mutex);
            text += std::string(told) + "\n";
        });
    }
    ~LogCapture() { set_log_hook(before_); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// One line for each entry.
    [[nodiscard]] static std::string told() {
        const std::lock_guard lock(mutex);
        return text;
    }
    [[nodiscard]] static bool told_of(std::string_view what) {
        return told().find(what) != std::string::npos;
    }
    /// Whether there is a line that begins so and goes on so.
    [[nodiscard]] static bool told_line(std::string_view begin, std::string_view then) {
        const std::string all = told();
        for (std::size_t at = all.find(begin); at != std::string::npos;
             at = all.find(begin, at + 1)) {
            const std::size_t end = all.find('\n', at);
            if (all.substr(at, end - at).find(then) != std::string::npos) return true;
        }
        return false;
    }

private:
    static inline std::mutex mutex;
    static inline std::string text;
    LogHook before_;
};

}  // namespace weft::testing

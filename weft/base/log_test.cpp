// SPDX-License-Identifier: Apache-2.0
#include <weft/base/log.hpp>

#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace weft {
namespace {

void first(LogLevel, std::string_view) noexcept {}
void second(LogLevel, std::string_view) noexcept {}

TEST(Log, set_log_hook_gives_the_hook_that_was_there) {
    EXPECT_EQ(set_log_hook(first), nullptr);
    EXPECT_EQ(set_log_hook(second), first);
    EXPECT_EQ(set_log_hook(nullptr), second);
    EXPECT_EQ(set_log_hook(nullptr), nullptr);
}

// What the default hook writes in a process of its own, which reads WEFT_DEBUG once.
[[noreturn]] void log_each_level(const char* setting) {
    if (setting) {
        ::setenv("WEFT_DEBUG", setting, 1);
    } else {
        ::unsetenv("WEFT_DEBUG");
    }
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
        log(level, "told");
    }
    std::_Exit(0);
}

TEST(LogDeathTest, writes_warnings_and_errors_to_stderr) {
    for (const char* setting : {static_cast<const char*>(nullptr), "", "0"}) {
        EXPECT_EXIT(log_each_level(setting), ::testing::ExitedWithCode(0),
                    "^weft warning: told\nweft error: told\n$");
    }
}

TEST(LogDeathTest, writes_everything_when_debug_is_wanted) {
    EXPECT_EXIT(log_each_level("1"), ::testing::ExitedWithCode(0),
                "^weft debug: told\nweft info: told\nweft warning: told\nweft error: told\n$");
}

}  // namespace
}  // namespace weft

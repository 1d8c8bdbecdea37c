// SPDX-License-Identifier: Apache-2.0
// weft/testing/story.hpp - what happened in a run that was made up, and what was wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft::testing {

class Story {
public:
    /// With WEFT_FUZZ_TELL in the environment each line is printed at once: for a run that ends
    /// the process.
    void tell(std::string_view line);
    /// A sentence about a broken promise. It is told as well.
    void object(std::string sentence);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::vector<std::string>& objections() const noexcept {
        return objections_;
    }

private:
    std::string text_;
    std::vector<std::string> objections_;
};

/// For fuzzers: prints the story and ends the process if anything was wrong.
void end_if_wrong(const Story& story);

}  // namespace weft::testing

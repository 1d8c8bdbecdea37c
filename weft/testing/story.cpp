// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/story.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace weft::testing {

void Story::tell(std::string_view line) {
    static const bool at_once = std::getenv("WEFT_FUZZ_TELL") != nullptr;
    if (at_once) std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    text_ += line;
    text_ += '\n';
}

void Story::object(std::string sentence) {
    tell("WRONG: " + sentence);
    objections_.push_back(std::move(sentence));
}

void end_if_wrong(const Story& story) {
    if (story.objections().empty()) return;
    std::fputs(story.text().c_str(), stderr);
    std::abort();
}

}  // namespace weft::testing

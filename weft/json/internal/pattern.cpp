// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/pattern.hpp>

#include <memory>
#include <string>
#include <string_view>

#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <weft/base/check.hpp>

namespace weft::json::internal {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Pattern::Pattern(std::string_view text)
    : expression_(std::make_unique<const re2::RE2>(piece(text), re2::RE2::Quiet)) {
    const std::string why = "Field::pattern '" + std::string(text) +
                            "' is no regular expression of RE2: " + expression_->error();
    check(expression_->ok(), why.c_str());
}

Pattern::~Pattern() = default;

bool Pattern::is_in(std::string_view text) const {
    return re2::RE2::PartialMatch(piece(text), *expression_);
}

}  // namespace weft::json::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/exceptions.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {
namespace {

std::string text_of(const Bytes& partial, std::optional<std::size_t> expected) {
    return std::to_string(partial.size()) + " bytes read on a total of " +
           (expected ? std::to_string(*expected) : "undefined") + " expected bytes";
}

}  // namespace

IncompleteReadError::IncompleteReadError(Bytes partial, std::optional<std::size_t> expected)
    : EOFError(text_of(partial, expected)), partial_(std::move(partial)), expected_(expected) {}

}  // namespace weft

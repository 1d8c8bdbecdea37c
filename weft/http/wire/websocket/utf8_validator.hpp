// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/utf8_validator.hpp - whether bytes that come in pieces are UTF-8.
#pragma once

#include <cstdint>

#include <weft/base/bytes.hpp>

namespace weft::http::wire::internal {

/// Tells at the first byte that cannot be right, not at the end.
/// Spec: RFC 3629 §4: no surrogates, no overlong forms, nothing beyond U+10FFFF.
class Utf8Validator {
public:
    /// Returns: false where no bytes behind these could make it UTF-8; then it is of no more use.
    [[nodiscard]] bool feed(BytesView bytes) noexcept;
    /// Whether no character is cut off.
    [[nodiscard]] bool is_complete() const noexcept { return needed_ == 0; }

private:
    [[nodiscard]] bool begin_character(std::uint8_t byte) noexcept;

    std::uint8_t needed_ = 0;    // bytes of the character at hand that have not come
    std::uint8_t least_ = 0x80;  // of the next one of them
    std::uint8_t most_ = 0xbf;
};

/// Whether a whole text is UTF-8.
[[nodiscard]] inline bool is_utf8(BytesView text) noexcept {
    Utf8Validator validator;
    return validator.feed(text) && validator.is_complete();
}

}  // namespace weft::http::wire::internal

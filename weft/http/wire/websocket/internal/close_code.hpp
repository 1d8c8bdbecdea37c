// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/internal/close_code.hpp - which codes a close may have.
#pragma once

#include <cstdint>

#include <weft/http/ws_message.hpp>

namespace weft::http::wire::internal {

/// Whether the code is registered or an application's, and not one that only says what has
/// happened.
/// Spec: RFC 6455 §7.4.
[[nodiscard]] constexpr bool may_be_sent(WSCloseCode code) noexcept {
    const auto number = static_cast<std::uint16_t>(code);
    if (number >= 3000 && number <= 4999) return true;
    return (number >= 1000 && number <= 1003) || (number >= 1007 && number <= 1014);
}

}  // namespace weft::http::wire::internal

// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/kept_address.hpp - an address that each of many connections keeps, and few ask for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <weft/io/socket_address.hpp>

namespace weft::internal {

/// In a third of a SocketAddress' room, where it is no long path of a Unix socket.
class KeptAddress {
public:
    explicit KeptAddress(const SocketAddress& address) {
        const std::span<const std::byte> bytes = address.bytes();
        if (bytes.size() > bytes_.size()) {
            long_ = std::make_unique<const SocketAddress>(address);
        } else {
            std::ranges::copy(bytes, bytes_.begin());
            size_ = static_cast<std::uint8_t>(bytes.size());
        }
    }
    [[nodiscard]] SocketAddress get() const {
        return long_ ? *long_ : SocketAddress::from_bytes(std::span(bytes_).first(size_));
    }

private:
    std::array<std::byte, 28> bytes_{};  // what an address of IPv6 has
    std::uint8_t size_ = 0;
    std::unique_ptr<const SocketAddress> long_;
};

}  // namespace weft::internal

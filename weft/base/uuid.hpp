// SPDX-License-Identifier: Apache-2.0
// weft/base/uuid.hpp - universally unique identifiers.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace weft {

/// A universally unique identifier: 16 bytes.
///
///     const weft::UUID id("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
///     const std::string text = id.str();
///
/// They compare as their bytes do, so that those of version 7 are in the order of time.
///
/// Spec: RFC 9562; Python's uuid.UUID.
class UUID {
public:
    using Bytes = std::array<std::uint8_t, 16>;

    /// The nil UUID: zeros.
    constexpr UUID() = default;
    constexpr explicit UUID(const Bytes& bytes) : bytes_(bytes) {}
    /// Errors: ValueError   as parse() says.
    explicit UUID(std::string_view text);

    /// Takes the usual form in both cases of letters, also in braces or behind "urn:uuid:", and 32
    /// digits without hyphens.
    /// Returns: the UUID; or what is wrong with the text.
    [[nodiscard]] static std::expected<UUID, std::string> parse(std::string_view text);

    /// Of version 4: random. Base makes no system calls, so the caller brings the random bytes.
    [[nodiscard]] static UUID v4(const Bytes& random) noexcept;
    /// Of version 7: the time, to a quarter of a microsecond, and 62 random bits.
    /// Spec: RFC 9562 §5.7, with method 3 of §6.2. The time is after 1970.
    [[nodiscard]] static UUID v7(std::chrono::sys_time<std::chrono::nanoseconds> now,
                                 std::span<const std::uint8_t, 8> random) noexcept;

    /// The usual form, with hyphens and small letters: 36 bytes.
    [[nodiscard]] std::string str() const;
    [[nodiscard]] constexpr const Bytes& bytes() const noexcept { return bytes_; }
    /// What its maker says; it is one of the RFC's where variant bits are `10`, as in all of them.
    [[nodiscard]] constexpr int version() const noexcept { return bytes_[6] >> 4; }

    friend constexpr auto operator<=>(const UUID&, const UUID&) = default;

private:
    Bytes bytes_{};
};

}  // namespace weft

template <>
struct std::hash<weft::UUID> {
    // Where both halves are random, their sum is; where one counts, too.
    std::size_t operator()(const weft::UUID& id) const noexcept {
        std::array<std::uint64_t, 2> halves{};
        std::memcpy(halves.data(), id.bytes().data(), sizeof halves);
        return std::hash<std::uint64_t>()(halves[0] ^ halves[1] * 0x9e37'79b9'7f4a'7c15);
    }
};

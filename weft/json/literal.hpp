// SPDX-License-Identifier: Apache-2.0
// weft/json/literal.hpp - one of a few texts, as a type.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>

namespace weft::json {

/// One of some texts: Python's `Literal`.
///
///     struct Cat {
///         Literal<"cat", "lion"> kind;
///         int lives;
///     };
///
/// It is the first of them unless told. What tells the structs of a union apart is one, too: see
/// Field::discriminator.
///
/// An initializer with the first of them changes nothing, and so does not make a member one that may be
/// left out; Field::required does.
///
/// Spec: typing.Literal of strings; pydantic's "literal_error".
template <Text... Values>
class Literal {
public:
    static constexpr std::array<std::string_view, sizeof...(Values)> values = {Values.view()...};
    static_assert(!values.empty() && values.size() <= 255, "a Literal has 1 to 255 values");

    constexpr Literal() = default;
    /// Errors: ValueError   it is none of them.
    // NOLINTBEGIN(google-explicit-constructor): `kind = "lion"` is what these are for
    constexpr Literal(std::string_view text) : index_(find(text)) {}
    constexpr Literal(const char* text) : index_(find(text)) {}
    constexpr Literal(const std::string& text) : index_(find(text)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] constexpr std::string_view view() const { return values[index_]; }
    // NOLINTNEXTLINE(google-explicit-constructor): it stands for its text
    constexpr operator std::string_view() const { return view(); }

    friend constexpr bool operator==(const Literal&, const Literal&) = default;
    template <class S>
        requires std::convertible_to<const S&, std::string_view> && (!std::same_as<S, Literal>)
    friend constexpr bool operator==(const Literal& literal, const S& text) {
        return literal.view() == std::string_view(text);
    }

private:
    static constexpr std::uint8_t find(std::string_view text) {
        const auto* const found = std::ranges::find(values, text);
        if (found == values.end()) {
            throw ValueError("'" + std::string(text) + "' is none of the values of the Literal");
        }
        return static_cast<std::uint8_t>(found - values.begin());
    }

    std::uint8_t index_ = 0;
};

}  // namespace weft::json

// SPDX-License-Identifier: Apache-2.0
// weft/json/field.hpp - Field and Annotated: what a member of a model is called and may hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft::json {

/// A bound on a number, or none. It converts from any number.
struct Bound {
    enum class Kind : std::uint8_t { none, integer, real };

    Kind kind = Kind::none;
    std::int64_t integer = 0;
    double real = 0;

    constexpr Bound() = default;
    template <class N>
        requires std::is_arithmetic_v<N>
    // NOLINTNEXTLINE(google-explicit-constructor): `.ge = 0` is what this is for
    constexpr Bound(N bound)
        : kind(std::is_integral_v<N> ? Kind::integer : Kind::real),
          integer(std::is_integral_v<N> ? static_cast<std::int64_t>(bound) : 0),
          real(static_cast<double>(bound)) {}
    [[nodiscard]] constexpr bool is_set() const { return kind != Kind::none; }
};

/// A text that a type can carry: a literal of at most `bytes_max` bytes.
struct Text {
    static constexpr std::size_t bytes_max = 127;

    char bytes[bytes_max + 1] = {};

    constexpr Text() = default;
    template <std::size_t N>
        requires(N <= bytes_max + 1)
    // NOLINTNEXTLINE(google-explicit-constructor): `.alias = "itemName"` is what this is for
    constexpr Text(const char (&text)[N]) {
        for (std::size_t i = 0; i < N; ++i) bytes[i] = text[i];
    }
    [[nodiscard]] constexpr std::string_view view() const { return bytes; }
    [[nodiscard]] constexpr bool empty() const { return bytes[0] == '\0'; }
};

/// Whether a model must be told a member: as its type and initializer say, or as said here.
enum class Required : std::uint8_t { automatic, yes, no };

/// What pydantic's Field() says of a member. All of it is optional.
///
///     Annotated<int, Field{.alias = "itemCount", .ge = 0, .lt = 100}> count = 1;
///
/// Spec: pydantic.Field. There is no `default`: that is the member's initializer.
struct Field {
    /// The member's name in JSON, in both directions; without one it is the name in C++.
    Text alias = {};
    /// Numbers.
    Bound gt = {};
    Bound ge = {};
    Bound lt = {};
    Bound le = {};
    Bound multiple_of = {};
    /// Strings, in characters (code points), and containers, in items.
    std::size_t min_length = 0;
    std::size_t max_length = std::numeric_limits<std::size_t>::max();
    /// A regular expression that a part of a string matches; `^` and `$` bind it to begin and end.
    /// Spec: RE2's syntax, which is nearly that of pydantic's, Rust's regex; time is linear.
    Text pattern = {};
    /// A union of structs is told apart by this field, a Literal in each of them:
    ///
    ///     Annotated<std::variant<Cat, Dog>, Field{.discriminator = "kind"}> pet;
    Text discriminator = {};
    /// No conversion from another JSON type: pydantic's strict mode. `"1"` is no number then.
    bool strict = false;
    /// For what no initializer can say, such as a list that is empty unless told.
    Required required = Required::automatic;
};

/// A `T` that a Field describes. It is used as a `T`.
///
///     struct Item {
///         Annotated<std::string, Field{.min_length = 1, .max_length = 50}> name;
///         Annotated<double, Field{.gt = 0}> price;
///         …
///     };
///
/// The model stays an aggregate. A class is a base of it; of a number, a bool or an enumerator, the
/// value converts both ways. `std::max(item.price, 1.0)` needs `std::max<double>`.
///
/// Constraints hold for what is read, and are not looked at again when a program assigns.
template <class T, Field F>
class Annotated : public T {
public:
    Annotated() = default;
    using T::T;
    // NOLINTNEXTLINE(google-explicit-constructor): it stands for a T
    constexpr Annotated(T value) : T(std::move(value)) {}
};

template <class T, Field F>
    requires(!std::is_class_v<T>)
class Annotated<T, F> {
public:
    /// Not initialized, as a plain T.
    Annotated() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): it stands for a T
    constexpr Annotated(T value) : value_(value) {}
    constexpr operator T&() { return value_; }              // NOLINT(google-explicit-constructor)
    constexpr operator const T&() const { return value_; }  // NOLINT(google-explicit-constructor)

private:
    T value_;
};

}  // namespace weft::json

// SPDX-License-Identifier: Apache-2.0
// weft/json/fields.hpp - how a class that is no aggregate says what its fields are.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace weft::json {

/// One field: a pointer to a data member, and its name in JSON.
template <auto Pointer>
struct Member {
    std::string_view name;
};
template <auto Pointer>
[[nodiscard]] consteval Member<Pointer> member(std::string_view name) {
    return {name};
}

/// What fields() makes.
template <auto... Pointers>
struct Fields {
    std::array<std::string_view, sizeof...(Pointers)> names;
};

/// The fields of a class, in the order in which they are written and checked.
///
/// An aggregate needs none of this: its members are found by the compiler, up to 64 of them. A class
/// with constructors, private members or bases says what they are; it needs a default constructor to
/// be read:
///
///     class Account {
///     public:
///         static constexpr auto fields() {
///             return json::fields(json::member<&Account::id_>("id"),
///                                 json::member<&Account::owner_>("owner"));
///         }
///         …
///     };
template <auto... Pointers>
[[nodiscard]] consteval Fields<Pointers...> fields(Member<Pointers>... members) {
    return {{members.name...}};
}

}  // namespace weft::json

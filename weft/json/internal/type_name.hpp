// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/type_name.hpp - a type by Python's name: what a place in an error says of the
// alternatives of a union.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/literal.hpp>

namespace weft::json::internal {

/// With all that it is in.
template <class T>
constexpr std::string_view printed_full() {
    std::string_view text = __PRETTY_FUNCTION__;  // … [T = Outer::Item]
    text = text.substr(0, text.find_last_of(']'));
    text = text.substr(text.find("T = ") + 4);
    return text.substr(0, text.find(';'));
}

template <class T>
constexpr std::string_view printed_type() {
    constexpr std::string_view text = printed_full<T>();
    const std::size_t arguments = text.find('<');
    return text.substr(text.substr(0, arguments).rfind(':') + 1);
}

template <class T>
inline constexpr bool is_literal = false;
template <Text... Values>
inline constexpr bool is_literal<Literal<Values...>> = true;

template <class T>
std::string type_name() {
    using P = Plain<T>;
    if constexpr (std::same_as<P, bool>) {
        return "bool";
    } else if constexpr (std::is_integral_v<P>) {
        return "int";
    } else if constexpr (std::is_floating_point_v<P>) {
        return "float";
    } else if constexpr (String<P>) {
        return "str";
    } else if constexpr (std::same_as<P, std::monostate>) {
        return "none";
    } else if constexpr (is_literal<P>) {
        std::string name;
        for (const std::string_view value : P::values) {
            name += (name.empty() ? "literal['" : ",'") + std::string(value) + "'";
        }
        return name + "]";
    } else if constexpr (Nullable<P>) {
        return "nullable[" + type_name<std::remove_cvref_t<decltype(*std::declval<P&>())>>() + "]";
    } else if constexpr (Map<P>) {
        return "dict[str," + type_name<typename P::mapped_type>() + "]";
    } else if constexpr (Set<P>) {
        return "set[" + type_name<typename P::value_type>() + "]";
    } else if constexpr (List<P> || StdArray<P>) {
        return "list[" + type_name<typename P::value_type>() + "]";
    } else if constexpr (Tuple<P>) {
        std::string name = "tuple[";
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((name += (I == 0 ? "" : ", ") + type_name<std::tuple_element_t<I, P>>()), ...);
        }(std::make_index_sequence<std::tuple_size_v<P>>());
        return name + "]";
    } else {
        return std::string(printed_type<P>());
    }
}

}  // namespace weft::json::internal

// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/write_value.hpp - a value of any type, onto the end of an Output.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <weft/base/exceptions.hpp>
#include <weft/json/internal/enum_names.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/internal/output.hpp>

namespace weft::json::internal {

template <class T>
void write_value(Output& out, const T& value);

template <std::size_t I, class T, class M>
void write_member(Output& out, const M& member) {
    out.put_label<I == 0>(Label<T, I>::bytes);
    write_value(out, member);
}

template <Model T>
void write_model(Output& out, const T& value) {
    if constexpr (member_count<T> == 0) {
        out.put_text("{}");
    } else {
        with_members(value, [&](const auto&... members) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (write_member<I, T>(out, members), ...);
            }(std::make_index_sequence<member_count<T>>());
        });
        out.put('}');
    }
}

template <class T>
void write_elements(Output& out, const T& container) {
    out.put('[');
    for (const auto& element : container) {
        write_value<typename T::value_type>(out, element);
        out.put(',');
    }
    if (!container.empty()) out.unput();
    out.put(']');
}

/// Of a container of names and values.
template <class T>
void write_map(Output& out, const T& map) {
    out.put('{');
    for (const auto& [name, value] : map) {
        out.put_string(name);
        out.put(':');
        write_value(out, value);
        out.put(',');
    }
    if (!map.empty()) out.unput();
    out.put('}');
}

template <Tuple T>
void write_tuple(Output& out, const T& tuple) {
    out.put('[');
    std::apply([&](const auto&... elements) { ((write_value(out, elements), out.put(',')), ...); },
               tuple);
    if constexpr (std::tuple_size_v<T> > 0) out.unput();
    out.put(']');
}

template <class E>
void write_enum(Output& out, E value) {
    for (const auto& enumerator : EnumNames<E>::all) {
        if (enumerator.value == value) return out.put_string(enumerator.name);
    }
    throw ValueError("the value " + std::to_string(static_cast<long long>(value)) +
                     " is none of the enum's names");
}

template <class T>
concept WritesItself = requires(Output& out, const T& value) { write_json(out, value); };

template <class T>
inline constexpr bool is_written = false;

template <class T>
void write_plain(Output& out, const T& value) {
    if constexpr (WritesItself<T>) {
        write_json(out, value);
    } else if constexpr (Converted<T>) {
        write_value(out, value.to_json());
    } else if constexpr (std::same_as<T, bool>) {
        out.put_text(value ? "true" : "false");
    } else if constexpr (std::same_as<T, float>) {
        out.put_float(value);
    } else if constexpr (std::same_as<T, double>) {
        out.put_double(value);
    } else if constexpr (Number<T> && std::integral<T>) {
        out.put_integer(value);
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
        out.put_string(value);
    } else if constexpr (std::same_as<T, std::monostate>) {
        out.put_text("null");
    } else if constexpr (std::is_enum_v<T>) {
        write_enum(out, value);
    } else if constexpr (Nullable<T>) {
        if (!value) return out.put_text("null");
        write_value(out, *value);
    } else if constexpr (Variant<T>) {
        std::visit([&](const auto& alternative) { write_value(out, alternative); }, value);
    } else if constexpr (Tuple<T>) {
        write_tuple(out, value);
    } else if constexpr (Map<T>) {
        write_map(out, value);
    } else if constexpr (List<T> || Set<T> || StdArray<T>) {
        write_elements(out, value);
    } else if constexpr (Model<T>) {
        write_model(out, value);
    } else {
        static_assert(is_written<T>,
                      "JSON has no form for this type: give it fields(), or to_json() "
                      "and from_json(); of chrono and UUID include json/chrono.hpp, "
                      "json/uuid.hpp");
    }
}

template <class T>
void write_value(Output& out, const T& value) {
    write_plain<Plain<T>>(out, value);
}

}  // namespace weft::json::internal

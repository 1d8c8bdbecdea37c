// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/schema_of.hpp - from a type to its JSON Schema; with the cases of read_value.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/internal/defaults.hpp>
#include <weft/json/internal/definitions.hpp>
#include <weft/json/internal/enum_names.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/internal/read_tagged.hpp>
#include <weft/json/internal/type_name.hpp>
#include <weft/json/value.hpp>
#include <weft/json/write.hpp>

namespace weft::json::internal {

template <class T>
Value schema_of(Definitions& definitions);
template <Field F, class T>
Value plain_schema(Definitions& definitions);

/// A type that is a string of a format.
template <class T>
concept Formatted = requires { format_of(Tag<T>()); };

template <class T>
inline constexpr char type_address = 0;

template <class T>
inline constexpr bool is_inline =
    std::is_same_v<T, Value> || std::is_same_v<T, Object> || std::is_same_v<T, std::monostate>;

/// A type whose schema is a definition, and has its title there.
template <class T>
concept Defined =
    (std::is_enum_v<T> || Model<T>) && !Converted<T> && !Formatted<T> && !is_inline<T>;

// ---- models

// A default that has no form in JSON is no default that a schema can tell.
template <class M>
std::string initial_text(const M& member) {
    std::string text;
    try {
        dump(member, text);
    } catch (const ValueError&) {
        text.clear();
    }
    return text;
}

template <class T>
consteval bool has_title_of_its_own() {
    using P = Plain<T>;
    if constexpr (Nullable<P>) {
        return has_title_of_its_own<std::remove_reference_t<decltype(*std::declval<P&>())>>();
    } else {
        return Defined<P>;
    }
}

template <Model T, std::size_t I, class M>
void add_member(Definitions& definitions, ModelSchema& model, const M& initial) {
    constexpr std::string_view name = Label<T, I>::name;
    Value schema = schema_of<M>(definitions);
    if constexpr (!has_title_of_its_own<M>()) schema.object()["title"] = title_of(name);
    if (optional_members<T>()[I]) {
        model.add_optional(name, std::move(schema), initial_text(initial));
    } else {
        model.add_required(name, std::move(schema));
    }
}

template <Model T>
Value model_schema(Definitions& definitions) {
    ModelSchema model(printed_type<T>());
    const T initial{};
    with_members(initial, [&](const auto&... members) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (add_member<T, I>(definitions, model, members), ...);
        }(std::make_index_sequence<member_count<T>>());
    });
    return std::move(model).finish(definitions.forbids_extra());
}

// ---- enums

template <class E>
Value enum_schema() {
    Array names;
    for (const auto& [name, value] : EnumNames<E>::all) names.emplace_back(name);
    return Object{{"title", printed_type<E>()}, {"type", "string"}, {"enum", std::move(names)}};
}

template <Defined T>
Value defined_schema(Definitions& definitions) {
    const void* const type = &type_address<T>;
    if (definitions.claim(type, printed_full<T>())) {
        if constexpr (std::is_enum_v<T>) {
            definitions.define(type, enum_schema<T>());
        } else {
            definitions.define(type, model_schema<T>(definitions));
        }
    }
    return definitions.reference(type);
}

// ---- numbers

template <std::integral N>
Value bounded_integer_schema(const Field& field) {
    using Limits = std::numeric_limits<N>;
    constexpr bool is_wide = sizeof(N) == sizeof(std::int64_t);
    return integer_schema(field, is_wide && Limits::is_signed ? Bound() : Bound(Limits::min()),
                          is_wide ? Bound() : Bound(Limits::max()));
}

// ---- unions

template <Variant T, std::size_t... I>
Array alternative_schemas(Definitions& definitions, std::index_sequence<I...>) {
    Array schemas;
    (schemas.push_back(schema_of<std::variant_alternative_t<I, T>>(definitions)), ...);
    return schemas;
}

template <Text Discriminator, Variant T, std::size_t... I>
Object tag_mapping(const Array& schemas, std::index_sequence<I...>) {
    Object mapping;
    const auto add = [&](const Value& schema, const auto& tags) {
        for (const std::string_view tag : tags) mapping[tag] = *schema["$ref"];
    };
    (add(schemas[I], tags_of<Discriminator, Plain<std::variant_alternative_t<I, T>>>()), ...);
    return mapping;
}

template <Field F, Variant T>
Value variant_schema(Definitions& definitions) {
    constexpr auto indices = std::make_index_sequence<std::variant_size_v<T>>();
    Array schemas = alternative_schemas<T>(definitions, indices);
    if constexpr (F.discriminator.empty()) {
        return any_of(std::move(schemas));
    } else {
        Object mapping = tag_mapping<F.discriminator, T>(schemas, indices);
        return one_of(std::move(schemas), F.discriminator.view(), std::move(mapping));
    }
}

// ---- all of it

template <Nullable T, Field F>
Value nullable_schema(Definitions& definitions) {
    using Inner = std::remove_reference_t<decltype(*std::declval<T&>())>;
    Array alternatives;
    if constexpr (std::is_same_v<Inner, Plain<Inner>>) {
        alternatives.push_back(plain_schema<F, Inner>(definitions));
    } else {
        alternatives.push_back(schema_of<Inner>(definitions));
    }
    alternatives.push_back(Object{{"type", "null"}});
    return any_of(std::move(alternatives));
}

template <Tuple T, std::size_t... I>
Value elements_schema(Definitions& definitions, std::index_sequence<I...>) {
    Array elements;
    (elements.push_back(schema_of<std::tuple_element_t<I, T>>(definitions)), ...);
    return tuple_schema(std::move(elements));
}

template <Field F, class T>
Value plain_schema(Definitions& definitions) {
    if constexpr (std::is_same_v<T, Value>) {
        return Object();
    } else if constexpr (std::is_same_v<T, Object>) {
        return map_schema(Object(), Field());
    } else if constexpr (Formatted<T>) {
        return Object{{"type", "string"}, {"format", format_of(Tag<T>())}};
    } else if constexpr (Converted<T>) {
        return schema_of<JSONForm<T>>(definitions);
    } else if constexpr (std::is_same_v<T, std::monostate>) {
        return Object{{"type", "null"}};
    } else if constexpr (std::is_same_v<T, bool>) {
        return Object{{"type", "boolean"}};
    } else if constexpr (std::is_integral_v<T>) {
        return bounded_integer_schema<T>(F);
    } else if constexpr (std::is_floating_point_v<T>) {
        return number_schema(F);
    } else if constexpr (String<T>) {
        return string_schema(F);
    } else if constexpr (is_literal<T>) {
        return texts_schema(T::values);
    } else if constexpr (Nullable<T>) {
        return nullable_schema<T, F>(definitions);
    } else if constexpr (Variant<T>) {
        return variant_schema<F, T>(definitions);
    } else if constexpr (Tuple<T>) {
        return elements_schema<T>(definitions, std::make_index_sequence<std::tuple_size_v<T>>());
    } else if constexpr (StdArray<T>) {
        constexpr std::size_t size = std::tuple_size_v<T>;
        return array_schema(schema_of<typename T::value_type>(definitions), false,
                            {.min_length = size, .max_length = size});
    } else if constexpr (Map<T>) {
        return map_schema(schema_of<typename T::mapped_type>(definitions), F);
    } else if constexpr (List<T> || Set<T>) {
        return array_schema(schema_of<typename T::value_type>(definitions), Set<T>, F);
    } else {
        return defined_schema<T>(definitions);
    }
}

template <class T>
Value schema_of(Definitions& definitions) {
    return plain_schema<field_of<T>, Plain<T>>(definitions);
}

}  // namespace weft::json::internal

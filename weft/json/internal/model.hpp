// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/model.hpp - what a struct consists of: the names and types of its members.
//
// The names come from the compiler: the address of a member of an object that is declared and never
// defined, as a template argument, is printed with the member's name by __PRETTY_FUNCTION__:
//
//     clang   … [Pointer = &weft::json::internal::declared_only<Item>.object.price]
//     g++     … [with auto Pointer = (& declared_only<Item>.Holder<Item>::object.Item::price)]
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <weft/json/field.hpp>
#include <weft/json/fields.hpp>
#include <weft/json/internal/bind_members.hpp>
#include <weft/json/internal/kinds.hpp>

namespace weft::json::internal {

template <class T>
concept SelfDescribed = requires { T::fields(); };

/// A struct whose members are fields of an object.
template <class T>
concept Model =
    std::is_class_v<T> && (SelfDescribed<T> || (std::is_aggregate_v<T> && !StdArray<T>));

// ---- how many members

// What follows is declared for the compiler to look at, and never defined.
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wundefined-internal"
#pragma GCC diagnostic ignored "-Wundefined-var-template"
#endif

/// Initializes a member of any type. Nobody calls it.
struct AnyMember {
    template <class T>
    operator T() const {     // NOLINT(google-explicit-constructor)
        std::unreachable();  // std::optional wants a body, of a T that only this file knows
    }
};

template <class T, std::size_t... I>
consteval bool takes_initializers(std::index_sequence<I...>) {
    return requires { T{(static_cast<void>(I), AnyMember{})...}; };
}

template <class T, std::size_t Count = 0>
consteval std::size_t count_members() {
    static_assert(Count <= members_max, "a model has at most 64 members");
    if constexpr (takes_initializers<T>(std::make_index_sequence<Count + 1>())) {
        return count_members<T, Count + 1>();
    } else {
        return Count;
    }
}

// ---- what they are called

template <class T>
struct Holder {
    T object;
};

template <class T>
extern const Holder<T> declared_only;

template <class T>
inline constexpr auto member_pointers = bind_members<count_members<T>()>(
    declared_only<T>.object, [](auto&... members) { return std::tuple(&members...); });

template <auto Pointer>
consteval std::string_view printed_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    text = text.substr(0, text.find_last_of(']'));
    if (const std::size_t more = text.find(';'); more != text.npos) text = text.substr(0, more);
    if (text.ends_with(')')) text.remove_suffix(1);
    return text.substr(text.find_last_of(".:") + 1);
}

// ---- all of it together

template <class... T>
struct Types {};

template <class T, std::size_t... I>
consteval std::array<std::string_view, sizeof...(I)> printed_names(std::index_sequence<I...>) {
    return {printed_name<std::get<I>(member_pointers<T>)>()...};
}

/// Of an aggregate.
template <class T>
struct Shape {
    static constexpr std::size_t count = count_members<T>();
    static consteval auto names() { return printed_names<T>(std::make_index_sequence<count>()); }
    template <class Object, class Take>
    static constexpr decltype(auto) bind(Object& object, Take&& take) {
        return bind_members<count>(object, take);
    }
};

template <auto... Pointers>
struct DescribedShape {
    static constexpr std::size_t count = sizeof...(Pointers);
    template <class Object, class Take>
    static constexpr decltype(auto) bind(Object& object, Take&& take) {
        return take(object.*Pointers...);
    }
};
template <auto... Pointers>
DescribedShape<Pointers...> shape_of(const Fields<Pointers...>&);

template <SelfDescribed T>
struct Shape<T>
    : decltype(shape_of(T::fields())){static consteval auto names(){return T::fields().names;
}  // namespace weft::json::internal
}
;

template <Model T>
inline constexpr std::size_t member_count = Shape<T>::count;

/// Calls `take` with references to all members of `object`.
template <class Object, class Take>
constexpr decltype(auto) with_members(Object& object, Take&& take) {
    return Shape<std::remove_const_t<Object>>::bind(object, take);
}

template <class T>
auto list_types() {
    return with_members(declared_only<T>.object, [](auto&... members) {
        return Types<std::remove_cvref_t<decltype(members)>...>();
    });
}

#pragma GCC diagnostic pop

template <class T>
struct MemberTypes;
template <class... M>
struct MemberTypes<Types<M...>> {
    template <std::size_t I>
    using At = std::tuple_element_t<I, std::tuple<std::type_identity<M>...>>::type;
};

template <Model T, std::size_t I>
using MemberType = MemberTypes<decltype(list_types<T>())>::template At<I>;

// ---- Annotated

template <class T>
inline constexpr Field field_of{};
template <class T, Field F>
inline constexpr Field field_of<Annotated<T, F>> = F;

template <class T>
struct PlainOf {
    using type = T;
};
template <class T, Field F>
struct PlainOf<Annotated<T, F>> {
    using type = T;
};
/// A type without what Annotated adds.
template <class T>
using Plain = PlainOf<T>::type;

/// Every member's name in JSON.
template <Model T, std::size_t I>
consteval std::string_view json_name() {
    constexpr const Field& field = field_of<MemberType<T, I>>;
    return field.alias.empty() ? Shape<T>::names()[I] : field.alias.view();
}

consteval bool needs_no_escape(std::string_view name) {
    for (const char c : name) {
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return false;
    }
    return true;
}

/// `,"name":`, as the writer needs it. The name lies in it, so that what the compiler printed is in
/// no program.
template <Model T, std::size_t I>
struct Label {
    static consteval auto make() {
        constexpr std::string_view text = json_name<T, I>();
        static_assert(needs_no_escape(text),
                      "a name in JSON has no quote, backslash, control byte");
        std::array<char, text.size() + 4> made{};
        made[0] = ',';
        made[1] = '"';
        for (std::size_t i = 0; i < text.size(); ++i) made[2 + i] = text[i];
        made[text.size() + 2] = '"';
        made[text.size() + 3] = ':';
        return made;
    }
    static constexpr auto bytes = make();
    static constexpr std::string_view name{bytes.data() + 2, bytes.size() - 4};
};

}  // namespace weft::json::internal

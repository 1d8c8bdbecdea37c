// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/kinds.hpp - which C++ types are which kind of JSON.
//
// Containers are known by what they can do, so that this includes none of them.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft::json::internal {

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                 !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                 !std::same_as<T, char32_t> && !std::same_as<T, wchar_t>;

template <class T>
inline constexpr bool is_nullable = false;
template <class T>
inline constexpr bool is_nullable<std::optional<T>> = true;
template <class T>
inline constexpr bool is_nullable<std::unique_ptr<T>> = true;
/// std::optional or std::unique_ptr: a value or null.
template <class T>
concept Nullable = is_nullable<T>;

template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;
template <class T>
concept Variant = is_variant<T>;

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;
template <class T>
concept Tuple = is_tuple<T>;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;
template <class T>
concept StdArray = is_std_array<T>;

template <class T>
concept String = std::same_as<T, std::string>;

template <class T>
concept Container = requires(T& container) {
    typename T::value_type;
    container.begin();
    container.end();
    container.clear();
    container.size();
} && !String<T>;
/// Elements in an order of their own: std::vector, std::deque.
template <class T>
concept List = Container<T> && requires(T& list) { list.emplace_back(); };
/// std::map, std::unordered_map.
template <class T>
concept Map = Container<T> && requires { typename T::mapped_type; };
/// std::set, std::unordered_set.
template <class T>
concept Set = Container<T> && !Map<T> && requires { typename T::key_type; };

/// Stands for a type where a function is looked for by its argument.
template <class T>
struct Tag {};

/// A type of the user's that is another type in JSON.
template <class T>
concept Converted = requires(const T& value) {
    { T::from_json(value.to_json()) } -> std::convertible_to<T>;
};
template <Converted T>
using JSONForm = std::remove_cvref_t<decltype(std::declval<const T&>().to_json())>;

}  // namespace weft::json::internal

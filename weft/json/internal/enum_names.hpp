// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/enum_names.hpp - the names of enumerators, as the compiler prints them.
//
// All values of a range are the arguments of one template, whose __PRETTY_FUNCTION__ has a name for
// each that is an enumerator, and `(Color)7` for one that is not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft::json::internal {

inline constexpr std::size_t enum_values_max = 128;

template <auto... Values>
consteval std::string_view printed_values() {
    return __PRETTY_FUNCTION__;
}

template <class E, std::size_t... I>
consteval std::string_view print_range(std::index_sequence<I...>) {
    return printed_values<static_cast<E>(I)...>();
}

/// An item of a list of template arguments.
struct PrintedItem {
    std::string_view name;  ///< without what it is in; empty where it is no enumerator
    std::size_t size = 0;
};

// Reads the first item, which may be `Outer<A, B>::red`, or `(Outer<A, B>::Color)7` where the value has
// no name. Each character is looked at once: compilers bound what they evaluate.
consteval PrintedItem read_item(std::string_view list) {
    const char* const text = list.data();
    std::size_t at = 0;
    std::size_t name = 0;
    bool is_cast = false;
    for (int depth = 0; at < list.size(); ++at) {
        const char c = text[at];
        if (c == '<' || c == '(') ++depth;
        if (c == '>' || c == ')') --depth;
        if (depth < 0 || (depth == 0 && c == ',')) break;
        if (c == ':' || c == ')') {
            name = at + 1;
            is_cast = c == ')';
        }
    }
    return {is_cast ? std::string_view() : list.substr(name, at - name), at};
}

template <class E>
struct EnumNames {
    static_assert(
        requires { E{0}; }, "an enum that JSON names has a fixed underlying type: enum class");

    struct Printed {
        std::array<std::string_view, enum_values_max> names;
        std::size_t count = 0;
        std::size_t bytes = 0;
    };
    static consteval Printed print() {
        Printed found;
        std::string_view list = print_range<E>(std::make_index_sequence<enum_values_max>());
        list.remove_prefix(list.find("s = <") + 5);
        for (std::string_view& name : found.names) {
            const PrintedItem item = read_item(list);
            list.remove_prefix(item.size);
            if (list.starts_with(", ")) list.remove_prefix(2);
            name = item.name;
            found.count += name.empty() ? 0 : 1;
            found.bytes += name.size();
        }
        return found;
    }
    static constexpr Printed printed = print();

    // A copy of the names alone, so that what the compiler printed is in no program.
    static consteval auto make_text() {
        std::array<char, printed.bytes + 1> made{};
        std::size_t at = 0;
        for (const std::string_view name : printed.names) {
            for (const char c : name) made[at++] = c;
        }
        return made;
    }
    static constexpr auto text = make_text();

    struct Enumerator {
        std::string_view name;
        E value;
    };
    static consteval auto make() {
        static_assert(printed.count > 0, "an enum that JSON names has a value from 0 to 127");
        std::array<Enumerator, printed.count> enumerators{};
        std::size_t found = 0;
        std::size_t at = 0;
        for (std::size_t value = 0; value < enum_values_max; ++value) {
            const std::size_t size = printed.names[value].size();
            if (size == 0) continue;
            enumerators[found++] = {{text.data() + at, size}, static_cast<E>(value)};
            at += size;
        }
        return enumerators;
    }
    static constexpr auto all = make();
};

}  // namespace weft::json::internal

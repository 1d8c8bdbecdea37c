// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/read_value.hpp - from a place on the tape into a variable of any type.
//
// Each read_…() returns whether all went well; what did not is recorded in the Reading. An object is
// read in two steps: the first finds where on the tape each field's value is, the second reads the
// fields in the order of the struct, whatever that of the text, with code that knows each type.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/internal/check_field.hpp>
#include <weft/json/internal/defaults.hpp>
#include <weft/json/internal/enum_names.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/internal/names.hpp>
#include <weft/json/internal/read_variant.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/type_name.hpp>
#include <weft/json/literal.hpp>
#include <weft/json/read_options.hpp>

namespace weft::json::internal {

template <class T>
bool read_value(Reading& in, Place at, T& out);
template <Field F, class T>
bool read_plain(Reading& in, Place at, T& out);

// ---- models

template <Model T, std::size_t... I>
consteval std::array<std::string_view, sizeof...(I)> list_names(std::index_sequence<I...>) {
    return {Label<T, I>::name...};
}
template <Model T>
inline constexpr auto member_names = list_names<T>(std::make_index_sequence<member_count<T>>());

template <Model T>
using MemberPlaces = std::array<Place, member_count<T>>;

// Takes the key if it is this member's. Comparing a known number of bytes is a few instructions.
template <Model T, std::size_t I>
void take_key(const Tape& tape, Place& key, Place end, MemberPlaces<T>& places) {
    constexpr std::string_view name = Label<T, I>::name;
    if (key == end) return;
    const std::string_view text = tape.text(key);
    if (text.size() != name.size() || std::memcmp(text.data(), name.data(), name.size()) != 0) {
        return;
    }
    places[I] = key + 1;
    key = tape.after(key + 1);
}

// Texts mostly have their keys in the order of the struct, some left out: such keys are taken without
// looking anything up. The rest goes by name, and so does all behind a key that the struct lacks.
// Returns: whether there was such a key.
template <Model T>
bool find_members(const Tape& tape, Place object, MemberPlaces<T>& places) {
    const Place end = tape.after(object) - 1;
    Place key = object + 1;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (take_key<T, I>(tape, key, end, places), ...);
    }(std::make_index_sequence<member_count<T>>());
    bool is_extra = false;
    for (; key != end; key = tape.after(key + 1)) {
        const std::size_t index = find_name(member_names<T>, tape.text(key));
        if (index < places.size()) {
            places[index] = key + 1;
        } else {
            is_extra = true;
        }
    }
    return is_extra;
}

/// How many of a struct's fields an object has.
template <Model T>
std::size_t count_present(const Tape& tape, Place object) {
    MemberPlaces<T> places{};
    if (tag(object) == '{') find_members<T>(tape, object, places);
    return static_cast<std::size_t>(std::ranges::count_if(places, [](Place at) { return at; }));
}

template <Model T, std::size_t I, class M>
bool read_member(Reading& in, Place object, Place at, M& member) {
    if (at == nullptr) [[unlikely]] {
        return optional_members<T>()[I] || in.fail_missing(Label<T, I>::name, object);
    }
    const std::size_t mark = in.mark();
    return read_value(in, at, member) || in.within(mark, Label<T, I>::name);
}

template <Model T>
bool read_model(Reading& in, Place at, T& out) {
    if (tag(at) != '{') return in.fail("model_attributes_type", at);
    MemberPlaces<T> places{};
    const bool is_extra = find_members<T>(in.tape(), at, places);
    bool is_good = with_members(out, [&](auto&... members) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            bool are_good = true;
            ((are_good &= read_member<T, I>(in, at, places[I], members)), ...);
            return are_good;
        }(std::make_index_sequence<member_count<T>>());
    });
    if (is_extra && in.options().extra == Extra::forbid) {
        is_good = fail_extras(in, member_names<T>, at);
    }
    return is_good;
}

// ---- containers

// Calls `read` for each element, and adds its index to what goes wrong.
template <class Read>
bool read_elements(Reading& in, Place at, Read&& read) {
    const Place end = in.tape().after(at) - 1;
    bool is_good = true;
    std::size_t index = 0;
    for (Place element = at + 1; element != end; element = in.tape().after(element), ++index) {
        const std::size_t mark = in.mark();
        if (!read(element, index)) is_good = in.within(mark, index);
    }
    return is_good;
}

// An element that was no good is dropped, so that a list of them needs no memory.
template <class T>
bool read_into_back(Reading& in, Place at, T& list) {
    using Element = T::value_type;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(list.back())>, Element>) {
        if (read_value(in, at, list.emplace_back())) return true;
        list.pop_back();
        return false;
    } else {  // std::vector<bool>
        Element element{};
        if (!read_value(in, at, element)) return false;
        list.push_back(element);
        return true;
    }
}

// How many bytes are reserved because a text says so, before its elements are looked at.
inline constexpr std::size_t reserved_bytes_max = std::size_t{1} << 20;

template <Field F, List T>
bool read_list(Reading& in, Place at, T& out) {
    if (tag(at) != '[') return in.fail("list_type", at);
    // At once, and not after all elements; the tape does not count beyond items_max.
    const std::size_t count = items_at(at);
    if (!check_length_max<F>(in, at, "List", count)) return false;
    out.clear();
    if constexpr (requires { out.reserve(count); }) {
        out.reserve(std::min(count, reserved_bytes_max / sizeof(typename T::value_type)));
    }
    return read_elements(
               in, at,
               [&](Place element, std::size_t) { return read_into_back(in, element, out); }) &&
           check_length_max<F>(in, at, "List", out.size()) &&
           check_length_min<F>(in, at, "List", out.size());
}

template <StdArray T>
bool read_array(Reading& in, Place at, T& out) {
    static_assert(std::tuple_size_v<T> < items_max, "the tape counts up to items_max");
    if (tag(at) != '[') return in.fail("list_type", at);
    const std::size_t count = items_at(at);
    if (count != out.size()) {
        return in.fail_length("List", count > out.size(), out.size(), count, at);
    }
    return read_elements(in, at, [&](Place element, std::size_t index) {
        return read_value(in, element, out[index]);
    });
}

template <Tuple T>
bool read_tuple(Reading& in, Place at, T& out) {
    if (tag(at) != '[') return in.fail("tuple_type", at);
    constexpr std::size_t size = std::tuple_size_v<T>;
    const std::size_t count = items_at(at);
    if (count > size) return in.fail_length("Tuple", true, size, count, at);
    std::array<Place, size> places{};
    read_elements(in, at, [&](Place element, std::size_t index) {
        places[index] = element;
        return true;
    });
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        bool is_good = true;
        const auto read_one = [&](std::size_t index, auto& element) {
            const std::size_t mark = in.mark();
            if (places[index] == nullptr ? in.fail("missing", at)
                                         : read_value(in, places[index], element)) {
                return;
            }
            is_good = in.within(mark, index);
        };
        (read_one(I, std::get<I>(out)), ...);
        return is_good;
    }(std::make_index_sequence<size>());
}

// As in Python, what comes again is one element, and how many were too many is not counted.
template <Field F, Set T>
bool read_set(Reading& in, Place at, T& out) {
    if (tag(at) != '[') return in.fail("set_type", at);
    out.clear();
    const bool is_good = read_elements(in, at, [&](Place element, std::size_t) {
        typename T::value_type value{};
        if (!read_value(in, element, value)) return false;
        if (out.size() <= F.max_length) out.insert(std::move(value));
        return true;
    });
    if (!is_good) return false;
    if (out.size() > F.max_length) {
        return in.fail_length("Set", true, F.max_length, std::nullopt, at);
    }
    return check_length_min<F>(in, at, "Set", out.size());
}

template <Field F, Map T>
bool read_map(Reading& in, Place at, T& out) {
    static_assert(std::same_as<typename T::key_type, std::string>,
                  "the names in an object are strings: the keys of a map must be std::string");
    if (tag(at) != '{') return in.fail("dict_type", at);
    out.clear();
    const Place end = in.tape().after(at) - 1;
    const std::size_t before = in.mark();
    std::set<std::string_view> bad;
    for (Place key = at + 1; key != end; key = in.tape().after(key + 1)) {
        const std::string_view name = in.tape().text(key);
        // The last one of a name counts, so what was wrong with one before it is not.
        if (!bad.empty() && bad.erase(name) > 0) in.forget_named(before, name);
        const std::size_t mark = in.mark();
        typename T::mapped_type value{};
        if (read_value(in, key + 1, value)) {
            out.insert_or_assign(std::string(name), std::move(value));
        } else {
            in.within(mark, name);
            bad.insert(name);
        }
    }
    if (!bad.empty()) return false;
    if (out.size() > F.max_length) {
        return in.fail_length("Dictionary", true, F.max_length, std::nullopt, at);
    }
    return check_length_min<F>(in, at, "Dictionary", out.size());
}

// ---- others

template <Field F, Nullable T>
bool read_nullable(Reading& in, Place at, T& out) {
    if (tag(at) == 'n') {
        out.reset();
        return true;
    }
    if constexpr (requires { out.emplace(); }) {
        out.emplace();
    } else {
        out = std::make_unique<typename T::element_type>();
    }
    using Inner = std::remove_reference_t<decltype(*out)>;
    if constexpr (std::same_as<Inner, Plain<Inner>>) return read_plain<F>(in, at, *out);
    return read_value(in, at, *out);
}

template <class E>
bool read_enum(Reading& in, Place at, E& out) {
    if (tag(at) == '"') {
        for (const auto& [name, value] : EnumNames<E>::all) {
            if (name != in.tape().text(at)) continue;
            out = value;
            return true;
        }
    }
    std::vector<std::string_view> names;
    for (const auto& [name, value] : EnumNames<E>::all) names.push_back(name);
    return in.fail_expected("enum", names, at);
}

template <Text... Values>
bool read_literal(Reading& in, Place at, Literal<Values...>& out) {
    const auto& values = Literal<Values...>::values;
    if (tag(at) != '"' || std::ranges::find(values, in.tape().text(at)) == values.end()) {
        return in.fail_expected("literal_error", values, at);
    }
    out = in.tape().text(at);
    return true;
}

template <Converted T>
bool read_converted(Reading& in, Place at, T& out) {
    JSONForm<T> form{};
    if (!read_value(in, at, form)) return false;
    try {
        out = T::from_json(std::move(form));
        return true;
    } catch (const ValueError& error) {
        return in.fail_value(error.what(), at);
    }
}

template <class T>
concept ReadsItself = requires(Reading& in, Place at, T& out) {
    { read_tape(in, at, out, false) } -> std::same_as<bool>;
};

template <class T>
inline constexpr bool is_known = false;

template <Field F, class T>
bool read_plain(Reading& in, Place at, T& out) {
    if constexpr (ReadsItself<T>) {
        return read_tape(in, at, out, F.strict);
    } else if constexpr (Converted<T>) {
        return read_converted(in, at, out);
    } else if constexpr (std::same_as<T, std::monostate>) {
        return tag(at) == 'n' || in.fail("none_required", at);
    } else if constexpr (std::same_as<T, bool>) {
        return in.read_bool(at, out, F.strict);
    } else if constexpr (Number<T>) {
        return in.read_number(at, out, F.strict) && check_number<F>(in, at, out);
    } else if constexpr (String<T>) {
        return in.read_string(at, out) && check_string<F>(in, at, out);
    } else if constexpr (std::is_enum_v<T>) {
        return read_enum(in, at, out);
    } else if constexpr (is_literal<T>) {
        return read_literal(in, at, out);
    } else if constexpr (Nullable<T>) {
        return read_nullable<F>(in, at, out);
    } else if constexpr (Variant<T>) {
        return read_variant<F>(in, at, out);
    } else if constexpr (Tuple<T>) {
        return read_tuple(in, at, out);
    } else if constexpr (StdArray<T>) {
        return read_array(in, at, out);
    } else if constexpr (List<T>) {
        return read_list<F>(in, at, out);
    } else if constexpr (Map<T>) {
        return read_map<F>(in, at, out);
    } else if constexpr (Set<T>) {
        return read_set<F>(in, at, out);
    } else if constexpr (Model<T>) {
        return read_model(in, at, out);
    } else {
        static_assert(is_known<T>,
                      "JSON has no form for this type: give it fields(), or to_json() "
                      "and from_json(); of chrono and UUID include json/chrono.hpp, "
                      "json/uuid.hpp");
    }
}

template <class T>
bool read_value(Reading& in, Place at, T& out) {
    return read_plain<field_of<T>>(in, at, static_cast<Plain<T>&>(out));
}

}  // namespace weft::json::internal

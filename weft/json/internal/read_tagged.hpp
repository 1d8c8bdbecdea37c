// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/read_tagged.hpp - a union of structs that one field tells apart.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include <weft/json/field.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/internal/names.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/type_name.hpp>

namespace weft::json::internal {

template <class T>
bool read_value(Reading& in, Place at, T& out);

/// Which member of a struct has this name in JSON; their number where none has.
template <Model T>
consteval std::size_t find_member(std::string_view name) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        std::size_t found = sizeof...(I);
        ((found = json_name<T, I>() == name ? I : found), ...);
        return found;
    }(std::make_index_sequence<member_count<T>>());
}

/// The values of the field `discriminator` that belong to an alternative of a union.
template <Text Discriminator, class T>
consteval auto tags_of() {
    static_assert(Model<T> && find_member<T>(Discriminator.view()) < member_count<T>,
                  "each alternative of a union with a Field::discriminator is a struct with that "
                  "field");
    using Tag = Plain<MemberType<T, find_member<T>(Discriminator.view())>>;
    static_assert(is_literal<Tag>, "the field that a Field::discriminator names is a Literal");
    return Tag::values;
}

/// Those of all alternatives.
template <Text Discriminator, class T>
inline constexpr auto all_tags = nullptr;
template <Text Discriminator, class... T>
inline constexpr auto all_tags<Discriminator, std::variant<T...>> =
    std::apply([](auto... tags) { return std::array<std::string_view, sizeof...(tags)>{tags...}; },
               std::tuple_cat(tags_of<Discriminator, Plain<T>>()...));

consteval bool are_distinct(std::span<const std::string_view> tags) {
    for (std::size_t i = 0; i < tags.size(); ++i) {
        if (std::ranges::count(tags, tags[i]) != 1) return false;
    }
    return true;
}

template <Text Discriminator, Variant T>
class TaggedReader {
public:
    TaggedReader(Reading& in, Place at, T& out) : in_(in), at_(at), out_(out) {}

    bool read() {
        static_assert(are_distinct(all_tags<Discriminator, T>),
                      "no two alternatives of a union have the same value of its "
                      "Field::discriminator");
        if (tag(at_) != '{') return in_.fail("model_attributes_type", at_);
        const Place found = find_last(in_.tape(), at_, Discriminator.view());
        if (found != nullptr && tag(found) == '"') tag_ = in_.tape().text(found);
        bool is_good = false;
        const bool is_known = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (try_one<I>(is_good) || ...);
        }(std::make_index_sequence<std::variant_size_v<T>>());
        if (is_known) return is_good;
        return in_.fail_tag(Discriminator.view(), found, all_tags<Discriminator, T>, at_);
    }

private:
    // Returns whether the tag is this one's.
    template <std::size_t I>
    bool try_one(bool& is_good) {
        using Alternative = std::variant_alternative_t<I, T>;
        static constexpr auto tags = tags_of<Discriminator, Plain<Alternative>>();
        if (tag_.data() == nullptr || std::ranges::find(tags, tag_) == tags.end()) return false;
        const std::size_t mark = in_.mark();
        is_good = read_value(in_, at_, out_.template emplace<I>()) || in_.within(mark, tag_);
        return true;
    }

    Reading& in_;
    const Place at_;
    T& out_;
    std::string_view tag_;
};

template <Text Discriminator, Variant T>
bool read_tagged(Reading& in, Place at, T& out) {
    return TaggedReader<Discriminator, T>(in, at, out).read();
}

}  // namespace weft::json::internal

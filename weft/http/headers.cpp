// SPDX-License-Identifier: Apache-2.0
#include <weft/http/headers.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// Room that is made at once, for the fields of a usual request.
constexpr std::size_t first_bytes = 256;
constexpr std::size_t first_fields = 8;

// Below this, bytes that nobody uses are not worth a copy.
constexpr std::size_t unused_bytes_kept = 512;

std::string position_of(std::string_view text, std::size_t at) {
    return in_quotes(text.substr(at, 1)) + " at position " + std::to_string(at);
}

void judge(std::string_view name, std::string_view value) {
    if (name.empty()) throw ValueError("the name of a header must not be empty");
    if (const std::size_t at = token_prefix(name); at < name.size()) {
        throw ValueError(in_quotes(name) + " is not the name of a header: " +
                         position_of(name, at) + " is not allowed in a token");
    }
    if (const std::size_t at = value_prefix(value); at < value.size()) {
        throw ValueError("the value of the header " + in_quotes(name) + " holds the control byte " +
                         position_of(value, at));
    }
}

}  // namespace

Headers::Headers(std::initializer_list<Field> fields) {
    for (const Field& field : fields) add(field.name, field.value);
}

bool Headers::is_named(const Place& place, std::string_view name) const noexcept {
    return place.name_size == name.size() &&
           equal_ignoring_case({bytes_.data() + place.name, place.name_size}, name);
}

std::size_t Headers::find(std::string_view name, std::size_t from) const noexcept {
    std::size_t index = from;
    while (index < places_.size() && !is_named(places_[index], name)) ++index;
    return index;
}

Headers::Field Headers::operator[](std::size_t index) const noexcept {
    const Place& place = places_[index];
    return {.name = {bytes_.data() + place.name, place.name_size},
            .value = {bytes_.data() + place.value, place.value_size}};
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
    const std::size_t index = find(name, 0);
    if (index == size()) return std::nullopt;
    return (*this)[index].value;
}

std::string_view Headers::get(std::string_view name, std::string_view otherwise) const noexcept {
    return get(name).value_or(otherwise);
}

std::string_view Headers::getone(std::string_view name) const {
    const auto value = get(name);
    if (!value) throw KeyError("no header " + in_quotes(name));
    return *value;
}

bool Headers::contains(std::string_view name) const noexcept { return find(name, 0) < size(); }

// The old bytes live until the new ones are there: name and value may be among them.
Headers::Place Headers::append(std::string_view name, std::string_view value) {
    const std::size_t begin = bytes_.size();
    if (name.size() + value.size() > bytes_max - begin) {
        throw ValueError("the header " + in_quotes(name) + " makes all headers pass 4 GiB");
    }
    const std::size_t needed = begin + name.size() + value.size();
    if (needed > bytes_.capacity()) {
        std::string grown;
        grown.reserve(std::max({needed, 2 * bytes_.capacity(), first_bytes}));
        grown.append(bytes_).append(name).append(value);
        bytes_ = std::move(grown);
        places_.reserve(first_fields);
    } else {
        bytes_.append(name).append(value);
    }
    return {.name = static_cast<std::uint32_t>(begin),
            .name_size = static_cast<std::uint32_t>(name.size()),
            .value = static_cast<std::uint32_t>(begin + name.size()),
            .value_size = static_cast<std::uint32_t>(value.size())};
}

void Headers::add(std::string_view name, std::string_view value) {
    value = trimmed(value);
    judge(name, value);
    places_.push_back(append(name, value));
    drop_unused_bytes();
}

void Headers::set(std::string_view name, std::string_view value) {
    const std::size_t first = find(name, 0);
    if (first == size()) return add(name, value);
    value = trimmed(value);
    judge(name, value);
    const Place place = append(name, value);
    const std::string_view kept(bytes_.data() + place.name, place.name_size);
    std::size_t index = 0;
    std::erase_if(places_, [&](const Place& other) {
        if (index++ <= first || !is_named(other, kept)) return false;
        unused_ += other.name_size + other.value_size;
        return true;
    });
    unused_ += places_[first].name_size + places_[first].value_size;
    places_[first] = place;
    drop_unused_bytes();
}

std::string_view Headers::setdefault(std::string_view name, std::string_view value) {
    if (const auto present = get(name)) return *present;
    add(name, value);
    return (*this)[size() - 1].value;
}

void Headers::extend(const Headers& other) {
    const std::size_t count = other.size();  // it may be this one, which grows
    for (std::size_t index = 0; index < count; ++index) {
        const Field field = other[index];
        places_.push_back(append(field.name, field.value));
    }
}

void Headers::update(const Headers& other) {
    if (&other == this) return;
    for (const Field& field : other) remove(field.name);
    extend(other);
}

std::size_t Headers::remove(std::string_view name) noexcept {
    return std::erase_if(places_, [&](const Place& place) {
        if (!is_named(place, name)) return false;
        unused_ += place.name_size + place.value_size;
        return true;
    });
}

void Headers::clear() noexcept {
    bytes_.clear();
    places_.clear();
    unused_ = 0;
}

void Headers::add_judged(std::string_view block, std::span<const Place> places) {
    const auto begin = static_cast<std::uint32_t>(bytes_.size());
    bytes_.append(block);
    places_.insert(places_.end(), places.begin(), places.end());
    for (Place& place : std::span(places_).last(places.size())) {
        place.name += begin;
        place.value += begin;
    }
}

// So that headers which change again and again need no more memory than some twice their size.
void Headers::drop_unused_bytes() {
    if (unused_ < unused_bytes_kept || unused_ < bytes_.size() / 2) return;
    Headers compact;
    compact.bytes_.reserve(bytes_.size() - unused_);
    compact.places_.reserve(size());
    compact.extend(*this);
    *this = std::move(compact);
}

bool operator==(const Headers& a, const Headers& b) noexcept {
    return std::ranges::equal(a, b, [](const Headers::Field& x, const Headers::Field& y) {
        return equal_ignoring_case(x.name, y.name) && x.value == y.value;
    });
}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// weft/http/multi_dict.hpp - MultiDict: names with their values, in order; a name may come again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// The fields of a query or of a form: a list of pairs that can be asked by name.
///
///     const MultiDict query = URL("https://shop.example/?size=9&colour=red&colour=blue").query();
///
/// Lifetime: views that it gives hold until it is changed.
/// Cost:     looking a name up goes through all pairs; update() is linear.
/// Spec:     multidict.MultiDict, where names tell upper case from lower.
class MultiDict {
public:
    using Item = std::pair<std::string, std::string>;

    MultiDict() = default;
    MultiDict(std::initializer_list<Item> items) : items_(items) {}

    /// The first value of that name; nullopt when there is none.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept {
        const auto found = std::ranges::find(items_, name, &Item::first);
        if (found == items_.end()) return std::nullopt;
        return found->second;
    }
    /// Every value of that name, in order.
    [[nodiscard]] std::vector<std::string_view> getall(std::string_view name) const;
    [[nodiscard]] bool contains(std::string_view name) const noexcept {
        return get(name).has_value();
    }

    /// Appends a pair, whether or not the name is there.
    void add(std::string name, std::string value) {
        items_.emplace_back(std::move(name), std::move(value));
    }
    /// Appends all pairs of `other`.
    void extend(const MultiDict& other);
    /// Gives each name of `other` the values that it has there: the first ones in the places of
    /// the old ones, the rest at the end. Values that are too many are removed.
    void update(const MultiDict& other);
    /// Removes every pair of that name; Python's `del dict[name]`, but none is no error.
    /// Returns: how many there were.
    std::size_t erase(std::string_view name) {
        return std::erase_if(items_, [&](const Item& item) { return item.first == name; });
    }

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] auto begin() const noexcept { return items_.begin(); }
    [[nodiscard]] auto end() const noexcept { return items_.end(); }

    /// Equal pairs in the same order.
    friend bool operator==(const MultiDict&, const MultiDict&) = default;

private:
    std::vector<Item> items_;
};

}  // namespace weft::http

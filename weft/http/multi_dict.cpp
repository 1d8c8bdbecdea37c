// SPDX-License-Identifier: Apache-2.0
#include <weft/http/multi_dict.hpp>

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::http {

std::vector<std::string_view> MultiDict::getall(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : items_) {
        if (key == name) values.emplace_back(value);
    }
    return values;
}

void MultiDict::extend(const MultiDict& other) {
    // By index, and room first: `other` may be this one.
    const std::size_t count = other.size();
    items_.reserve(items_.size() + count);
    for (std::size_t i = 0; i < count; ++i) items_.push_back(other.items_[i]);
}

void MultiDict::update(const MultiDict& other) {
    struct Values {
        std::vector<std::size_t> places;  // in other
        std::size_t used = 0;
    };
    std::unordered_map<std::string_view, Values> given;
    for (std::size_t i = 0; i < other.size(); ++i) {
        given[other.items_[i].first].places.push_back(i);
    }

    std::vector<Item> items;
    std::vector<bool> placed(other.size());
    for (Item& item : items_) {
        const auto found = given.find(item.first);
        if (found == given.end()) {
            items.push_back(std::move(item));
            continue;
        }
        auto& [places, used] = found->second;
        if (used == places.size()) continue;
        const std::size_t place = places[used++];
        placed[place] = true;
        items.push_back(other.items_[place]);
    }
    for (std::size_t i = 0; i < other.size(); ++i) {
        if (!placed[i]) items.push_back(other.items_[i]);
    }
    items_ = std::move(items);
}

}  // namespace weft::http

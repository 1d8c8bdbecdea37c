// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/name_cache.hpp>

#include <iterator>
#include <list>
#include <utility>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/io/socket_address.hpp>

namespace weft::internal {

const std::vector<SocketAddress>* NameCache::find(const NameQuestion& question, TimePoint now) {
    const auto found = by_question_.find(question);
    if (found == by_question_.end()) return nullptr;
    const auto entry = found->second;
    if (entry->until <= now) {
        erase(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &entry->addresses;
}

void NameCache::put(const NameQuestion& question, std::vector<SocketAddress> addresses,
                    TimePoint until) {
    if (names_max_ == 0) return;
    if (const auto found = by_question_.find(question); found != by_question_.end()) {
        erase(found->second);
    }
    if (entries_.size() == names_max_) erase(std::prev(entries_.end()));
    entries_.push_front({question, std::move(addresses), until});
    by_question_.emplace(question, entries_.begin());
}

void NameCache::clear() noexcept {
    by_question_.clear();
    entries_.clear();
}

void NameCache::erase(std::list<Entry>::iterator entry) {
    by_question_.erase(entry->question);
    entries_.erase(entry);
}

}  // namespace weft::internal

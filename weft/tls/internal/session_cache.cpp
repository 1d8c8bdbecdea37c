// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/internal/session_cache.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include <weft/tls/internal/openssl_owned.hpp>

namespace weft::ssl::internal {

std::uint64_t SessionCache::generation() {
    const std::scoped_lock lock(mutex_);
    return generation_;
}

void SessionCache::put(const std::string& server_name, OwnedSession session,
                       std::uint64_t generation) {
    const std::scoped_lock lock(mutex_);
    if (generation != generation_) return;
    if (const auto found = by_name_.find(server_name); found != by_name_.end()) {
        found->second->session = std::move(session);
        entries_.splice(entries_.begin(), entries_, found->second);
        return;
    }
    entries_.push_front({server_name, std::move(session)});
    by_name_.emplace(server_name, entries_.begin());
    if (entries_.size() <= names_max) return;
    by_name_.erase(entries_.back().name);
    entries_.pop_back();
}

OwnedSession SessionCache::take(const std::string& server_name) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_name_.find(server_name);
    if (found == by_name_.end()) return nullptr;
    OwnedSession session = std::move(found->second->session);
    entries_.erase(found->second);
    by_name_.erase(found);
    return session;
}

void SessionCache::clear() {
    const std::scoped_lock lock(mutex_);
    ++generation_;
    by_name_.clear();
    entries_.clear();
}

}  // namespace weft::ssl::internal

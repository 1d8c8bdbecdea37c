// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/name_cache.hpp - the addresses of names, until they are too old.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/io/socket_address.hpp>

namespace weft::internal {

/// What is asked for.
struct NameQuestion {
    std::string host;
    AddressFamily family;
    auto operator<=>(const NameQuestion&) const = default;
};

class NameCache {
public:
    explicit NameCache(std::size_t names_max) noexcept : names_max_(names_max) {}

    /// Null when it is not known, or was until `now`. Valid until the next call.
    [[nodiscard]] const std::vector<SocketAddress>* find(const NameQuestion& question,
                                                         TimePoint now);
    void put(const NameQuestion& question, std::vector<SocketAddress> addresses, TimePoint until);
    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return by_question_.size(); }

private:
    struct Entry {
        NameQuestion question;
        std::vector<SocketAddress> addresses;
        TimePoint until;
    };
    void erase(std::list<Entry>::iterator entry);

    std::size_t names_max_;
    std::list<Entry> entries_;  // the last used first
    std::map<NameQuestion, std::list<Entry>::iterator> by_question_;
};

}  // namespace weft::internal

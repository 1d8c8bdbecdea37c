// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/session_cache.hpp - the sessions that a client may resume.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include <weft/tls/internal/openssl_owned.hpp>

namespace weft::ssl::internal {

/// The last session with each server name; of too many names the one that was longest unused goes.
/// Thread: any; connections of several loops share a context.
class SessionCache {
public:
    static constexpr std::size_t names_max = 1000;

    /// Rises with each clear().
    [[nodiscard]] std::uint64_t generation();
    /// `generation` is that in which its connection began: one from before a clear() is dropped.
    void put(const std::string& server_name, OwnedSession session, std::uint64_t generation);
    /// Takes it out: a ticket of TLS 1.3 is for one connection, so that nobody can tell from it that
    /// two are the same client's (RFC 8446, appendix C.4). The next one brings another.
    /// Returns: null when there is none.
    [[nodiscard]] OwnedSession take(const std::string& server_name);
    void clear();

private:
    struct Entry {
        std::string name;
        OwnedSession session;
    };
    std::mutex mutex_;
    std::uint64_t generation_ = 0;
    std::list<Entry> entries_;  // the newest first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
};

}  // namespace weft::ssl::internal

// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/result.hpp - what became of a URL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace weft::app {

struct FetchResult {
    std::string url;                           ///< without a password
    std::string host;                          ///< with the port, where the URL has one
    std::string file;                          ///< its path, whether it is there or not
    std::optional<int> status = std::nullopt;  ///< of the last response; nullopt: there was none
    std::uint64_t bytes = 0;  ///< of the file; of one that failed, how many are kept to go on with
    std::uint64_t received = 0;                          ///< by this run
    std::uint64_t resumed_from = 0;                      ///< how many bytes an earlier run had left
    std::optional<std::size_t> attempts = std::nullopt;  ///< requests; nullopt where it failed
    double seconds = 0;
    bool skipped = false;    ///< the file was there
    std::string error = {};  ///< one line; empty: it has not failed

    [[nodiscard]] bool failed() const noexcept { return !error.empty(); }
};

}  // namespace weft::app

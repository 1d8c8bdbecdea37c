// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/report.hpp - results, as people and as programs read them.
//
// Pure formatting. What servers have chosen has become printable before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <apps/weft/fetch/result.hpp>

namespace weft::app {

/// All of a run.
struct FetchSummary {
    std::span<const FetchResult> results;
    std::size_t urls = 0;  ///< those that nothing became of, too
    double seconds = 0;
    bool interrupted = false;
};

/// "1.23 MB": three digits at least, and powers of 1000.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
/// "0.35 s", "12.3 s", "2 min 05 s".
[[nodiscard]] std::string format_seconds(double seconds);

/// A line: what became of one URL.
[[nodiscard]] std::string as_line(const FetchResult& result);
/// A line for each host, and one for all.
[[nodiscard]] std::string as_table(const FetchSummary& summary);

/// The same as JSON, each a line.
[[nodiscard]] std::string as_json(const FetchResult& result);
[[nodiscard]] std::string as_json(const FetchSummary& summary);

}  // namespace weft::app

// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/report.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <apps/weft/fetch/result.hpp>

#include <weft/json/write.hpp>

namespace weft::app {
namespace {

std::string with_format(const char* format, double number) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, number);
    return text.data();
}

// What became of the URLs of one host, or of all.
struct Tally {
    std::size_t urls = 0;
    std::size_t ok = 0;
    std::size_t failed = 0;
    std::size_t skipped = 0;
    std::map<std::string, std::size_t> statuses;  // "200", "404"; "error" without a response
    std::uint64_t received = 0;
    double seconds = 0;
    double seconds_max = 0;

    void add(const FetchResult& result) {
        ++urls;
        ++(result.skipped ? skipped : result.failed() ? failed : ok);
        received += result.received;
        seconds += result.seconds;
        seconds_max = std::max(seconds_max, result.seconds);
        if (result.skipped) return;
        ++statuses[result.status ? std::to_string(*result.status) : "error"];
    }
    [[nodiscard]] double seconds_mean() const {
        return seconds / static_cast<double>(std::max<std::size_t>(ok + failed, 1));
    }
};

std::map<std::string, Tally> by_host(const FetchSummary& summary) {
    std::map<std::string, Tally> hosts;
    for (const FetchResult& result : summary.results) hosts[result.host].add(result);
    return hosts;
}

Tally of_all(const FetchSummary& summary) {
    Tally all;
    for (const FetchResult& result : summary.results) all.add(result);
    return all;
}

// ---- the table

using Row = std::array<std::string, 6>;

// "200, 404 x3"
std::string statuses_of(const Tally& tally) {
    std::string text;
    const auto add = [&](const std::string& status, std::size_t count) {
        if (count == 0) return;
        text += (text.empty() ? "" : ", ") + status;
        if (count > 1) text += " x" + std::to_string(count);
    };
    for (const auto& [status, count] : tally.statuses) add(status, count);
    add("skipped", tally.skipped);
    return text;
}

Row row_of(const std::string& name, const Tally& tally) {
    return {name,
            std::to_string(tally.urls),
            statuses_of(tally),
            format_bytes(tally.received),
            format_seconds(tally.seconds_mean()),
            format_seconds(tally.seconds_max)};
}

std::string lay_out(const std::vector<Row>& rows) {
    std::array<std::size_t, std::tuple_size_v<Row>> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - row[i].size(), ' ');
            const bool is_text = i == 0 || i == 2;
            text += (i > 0 ? "  " : "") + (is_text ? row[i] + padding : padding + row[i]);
        }
        text += '\n';
    }
    return text;
}

// ---- JSON

struct JsonResult {
    std::string_view type = "result";
    std::string_view url;
    std::optional<std::string_view> file;
    std::optional<std::string> part;
    std::optional<int> status;
    std::uint64_t bytes;
    std::uint64_t received;
    std::uint64_t resumed_from;
    std::optional<std::size_t> attempts;
    double seconds;
    bool skipped;
    std::optional<std::string_view> error;
};

struct JsonHost {
    std::string_view host;
    std::size_t urls;
    std::size_t ok;
    std::size_t failed;
    std::size_t skipped;
    std::map<std::string, std::size_t> statuses;
    std::uint64_t received;
    double seconds_mean;
    double seconds_max;
};

struct JsonSummary {
    std::string_view type = "summary";
    std::size_t urls;
    std::size_t ok;
    std::size_t failed;
    std::size_t skipped;
    std::uint64_t received;
    double seconds;
    bool interrupted;
    std::vector<JsonHost> hosts;
};

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
    if (bytes < 1000) return std::to_string(bytes) + " B";
    constexpr std::array units = {"kB", "MB", "GB", "TB", "PB", "EB"};
    auto number = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (number >= 999.5) {
        number /= 1000;
        ++unit;
    }
    const char* format = number < 9.995 ? "%.2f " : number < 99.95 ? "%.1f " : "%.0f ";
    return with_format(format, number) + units.at(unit);
}

std::string format_seconds(double seconds) {
    if (seconds < 9.995) return with_format("%.2f s", seconds);
    if (seconds < 59.95) return with_format("%.1f s", seconds);
    const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
    const std::string rest = std::to_string(whole % 60);
    return std::to_string(whole / 60) + " min " + (rest.size() < 2 ? "0" : "") + rest + " s";
}

std::string as_line(const FetchResult& result) {
    if (result.skipped) return "there   " + result.file + "  " + result.url;
    if (result.failed()) {
        const std::string kept = result.bytes > 0 ? " (" + format_bytes(result.bytes) +
                                                        " kept in " + result.file + ".part)"
                                                  : "";
        return "FAILED  " + result.url + ": " + result.error + kept;
    }
    const std::string resumed =
        result.resumed_from > 0 ? ", resumed at " + format_bytes(result.resumed_from) : "";
    return "ok      " + result.file + "  " + format_bytes(result.bytes) + " in " +
           format_seconds(result.seconds) + resumed + "  " + result.url;
}

std::string as_table(const FetchSummary& summary) {
    const auto hosts = by_host(summary);
    std::vector<Row> rows = {{"HOST", "URLS", "STATUS", "BYTES", "TIME MEAN", "MAX"}};
    for (const auto& [host, tally] : hosts) rows.push_back(row_of(host, tally));
    const Tally all = of_all(summary);
    if (hosts.size() > 1) rows.push_back(row_of("all", all));
    std::string text = lay_out(rows);
    text += "\n" + std::to_string(all.ok + all.skipped) + " of " + std::to_string(summary.urls) +
            " there, " + std::to_string(all.failed) + " failed, " + format_bytes(all.received) +
            " in " + format_seconds(summary.seconds) + "\n";
    return text;
}

std::string as_json(const FetchResult& result) {
    const bool is_there = !result.failed();
    JsonResult line{.url = result.url,
                    .status = result.status,
                    .bytes = result.bytes,
                    .received = result.received,
                    .resumed_from = result.resumed_from,
                    .attempts = result.attempts,
                    .seconds = result.seconds,
                    .skipped = result.skipped};
    if (is_there) line.file = result.file;
    if (!is_there) line.error = result.error;
    if (!is_there && result.bytes > 0) line.part = result.file + ".part";
    return json::dumps(line) + "\n";
}

std::string as_json(const FetchSummary& summary) {
    const auto tallies = by_host(summary);
    std::vector<JsonHost> hosts;
    for (const auto& [host, tally] : tallies) {
        hosts.push_back({.host = host,
                         .urls = tally.urls,
                         .ok = tally.ok,
                         .failed = tally.failed,
                         .skipped = tally.skipped,
                         .statuses = tally.statuses,
                         .received = tally.received,
                         .seconds_mean = tally.seconds_mean(),
                         .seconds_max = tally.seconds_max});
    }
    const Tally all = of_all(summary);
    return json::dumps(JsonSummary{.urls = summary.urls,
                                   .ok = all.ok,
                                   .failed = all.failed,
                                   .skipped = all.skipped,
                                   .received = all.received,
                                   .seconds = summary.seconds,
                                   .interrupted = summary.interrupted,
                                   .hosts = std::move(hosts)}) +
           "\n";
}

}  // namespace weft::app

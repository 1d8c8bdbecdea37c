// SPDX-License-Identifier: Apache-2.0
// The weft side of the benchmarks of HTTP clients; see bench/README.md for the contract.
// usage: http_client_bench PORT FOLDER [MEASURE ...]

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bench/rate.hpp>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/tls/ssl_context.hpp>

namespace {

using bench::require;
using weft::Bytes;
using weft::Coro;
using weft::http::ClientResponse;
using weft::http::ClientSession;
using weft::http::TCPConnector;

constexpr std::size_t concurrency = 100;
constexpr std::size_t mib = std::size_t{1024} * 1024;
constexpr double measured_ns_min = 500e6;

// Where the server is, and where it has left its certificate.
struct Place {
    int port;
    std::string folder;
};

// As many ports behind the server's.
enum class Protocol : std::uint8_t { http1, http1_over_tls, http2_over_tls };
enum class Into : std::uint8_t { memory, disk };

struct Measure {
    std::string_view name;
    Protocol protocol;
    std::size_t hosts;
    std::size_t body_bytes;
    std::size_t requests;
    const char* unit;
    Into into = Into::memory;
};
constexpr Measure measures[] = {
    {"get", Protocol::http1, 1, 100, 10'000, "requests"},
    {"get_hosts", Protocol::http1, 1000, 100, 10'000, "requests"},
    {"tls_get", Protocol::http1_over_tls, 1, 100, 10'000, "requests"},
    {"tls_get_hosts", Protocol::http1_over_tls, 1000, 100, 10'000, "requests"},
    {"h2_get", Protocol::http2_over_tls, 1, 100, 10'000, "requests"},
    {"h2_get_hosts", Protocol::http2_over_tls, 1000, 100, 10'000, "requests"},
    {"bodies_1m", Protocol::http1, 1, mib, 1000, "MiB"},
    {"body_1g", Protocol::http1, 1, 1024 * mib, 1, "MiB"},
    {"bodies_1m_disk", Protocol::http1, 1, mib, 1000, "MiB", Into::disk},
    {"body_1g_disk", Protocol::http1, 1, 1024 * mib, 1, "MiB", Into::disk},
};

// The hosts are 127.0.0.1, 127.0.0.2 and so on.
std::vector<std::string> urls(const Place& place, Protocol protocol, std::size_t hosts,
                              std::size_t body_bytes) {
    const std::string scheme = protocol == Protocol::http1 ? "http" : "https";
    const std::string port = std::to_string(place.port + static_cast<int>(protocol));
    std::vector<std::string> all;
    for (std::size_t i = 0; i < hosts; ++i) {
        all.push_back(scheme + "://127.0." + std::to_string(i / 250) + "." +
                      std::to_string(i % 250 + 1) + ":" + port + "/bytes/" +
                      std::to_string(body_bytes));
    }
    return all;
}

ClientSession make_session(const Place& place, Protocol protocol, std::size_t idle_max) {
    weft::http::TCPConnectorOptions options;
    options.idle_max = idle_max;
    if (protocol != Protocol::http1) {
        options.ssl = weft::ssl::create_default_context(weft::ssl::Purpose::server_auth,
                                                        {.cafile = place.folder + "/ca.pem"});
    }
    return ClientSession({.connector = TCPConnector(std::move(options))});
}

// What is left to fetch: the URLs in turn.
struct Work {
    const std::vector<std::string>& urls;
    std::size_t body_bytes;
    std::size_t count;
    std::string folder = "";  // for the bodies; empty: memory
    std::size_t next = 0;
};

Coro<void> save(ClientResponse& response, std::size_t body_bytes, const std::string& folder) {
    static int files = 0;
    const auto size = co_await response.download_to(folder + "/" + std::to_string(files++));
    require(size == body_bytes, "the length of a file");
}

Coro<void> fetch_next(const ClientSession& session, Work& work) {
    while (work.next < work.count) {
        const std::string& url = work.urls[work.next++ % work.urls.size()];
        auto response = co_await session.get(url);
        require(response.status() == 200, "the status");
        if (!work.folder.empty()) {
            co_await save(response, work.body_bytes, work.folder);
            continue;
        }
        const Bytes& body = co_await response.read(work.body_bytes);
        require(body.size() == work.body_bytes, "the length of a body");
    }
}

Coro<void> fetch_all(const ClientSession& session, Work work) {
    std::vector<Coro<void>> fetchers;
    for (std::size_t i = 0; i < concurrency; ++i) fetchers.push_back(fetch_next(session, work));
    co_await weft::gather(std::move(fetchers));
}

Coro<void> fetch_in_new_session(const Place& place, Protocol protocol, Work work) {
    const std::size_t idle_max = work.urls.size() + concurrency;
    ClientSession session = make_session(place, protocol, idle_max);
    co_await fetch_all(session, work);
    co_await session.close();
}

// Fetches a tenth to warm up; then all, again and again until it can be timed.
Coro<void> run_measure(const Measure& measure, const Place& place) {
    const auto all = urls(place, measure.protocol, measure.hosts, measure.body_bytes);
    const auto requests = static_cast<std::size_t>(
        std::max(1.0, static_cast<double>(measure.requests) * bench::scale()));
    Work work{.urls = all,
              .body_bytes = measure.body_bytes,
              .count = (requests + 9) / 10,
              .folder = measure.into == Into::disk ? place.folder : ""};
    co_await fetch_in_new_session(place, measure.protocol, work);
    work.count = requests;
    std::size_t fetched = 0;
    const bench::Stopwatch watch;
    while (watch.elapsed_ns() < measured_ns_min * bench::scale()) {
        co_await fetch_in_new_session(place, measure.protocol, work);
        fetched += requests;
    }
    const auto [per_second, cpu_ns] =
        watch.rate_of(fetched * std::max<std::size_t>(1, measure.body_bytes / mib));
    const std::string name(measure.name);
    std::printf("%s %.2f %s/s\n", name.c_str(), per_second, measure.unit);
    std::printf("%s_cpu %.3f us\n", name.c_str(), cpu_ns / 1000);
    std::printf("%s_busy %.1f %%\n", name.c_str(), per_second * cpu_ns / 1e7);
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    file >> pages >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// The first hundred take with them what a session has but once.
Coro<void> idle_memory(const char* name, const Place& place, Protocol protocol) {
    constexpr std::size_t first = 100;
    constexpr std::size_t measured = 1000;
    const auto all = urls(place, protocol, first + measured, 100);
    ClientSession session = make_session(place, protocol, all.size());
    Work work{.urls = all, .body_bytes = 100, .count = first};
    co_await fetch_all(session, work);
    const double before = resident_bytes();
    work.next = first;
    work.count = all.size();
    co_await fetch_all(session, work);
    require(session.connector().idle() == all.size(), "the idle connections");
    std::printf("%s %.0f bytes\n", name, (resident_bytes() - before) / measured);
    co_await session.close();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const Place place{.port = std::atoi(argv[1]), .folder = argv[2]};
    const std::vector<std::string_view> wanted(argv + 3, argv + argc);
    const auto is_wanted = [&](std::string_view name) {
        return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
    };
    for (const Measure& measure : measures) {
        if (is_wanted(measure.name)) weft::run(run_measure(measure, place));
    }
    for (const auto& [name, protocol] : {std::pair("idle_memory", Protocol::http1),
                                         std::pair("tls_idle_memory", Protocol::http1_over_tls)}) {
        if (is_wanted(name)) weft::run(idle_memory(name, place, protocol));
    }
}

// SPDX-License-Identifier: Apache-2.0
// The weft side of the benchmarks of HTTP/1.1 parsing; see bench/README.md for the contract.
// usage: http_bench [REQUEST ...]

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <vector>

#include <bench/http/requests.h>
#include <bench/rate.hpp>

#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/message_parser.hpp>

namespace {

using weft::http::wire::Event;
using weft::http::wire::RequestParser;

// Reads one request. Returns the number of its headers; 0 where it is refused or not all there.
std::size_t parse(RequestParser& parser, std::string_view text, std::size_t& body_bytes) {
    for (;;) {
        const auto step = parser.next(text);
        if (!step || step->event == Event::need_data) return 0;
        text.remove_prefix(step->used);
        body_bytes += step->body.size();
        if (step->event == Event::end) break;
    }
    const std::size_t count = parser.head().headers.size();
    parser.start_next();
    return count;
}

void measure(const bench_request& request) {
    const double wanted_ns = 100e6 * bench::scale();
    const std::string_view text = request.text;
    RequestParser parser;
    std::size_t body_bytes = 0;
    std::size_t n = 1000;
    for (bool is_warm = false;; is_warm = true) {
        const bench::Stopwatch watch;
        for (std::size_t i = 0; i < n; ++i) {
            bench::require(parse(parser, text, body_bytes) == request.header_count, request.name);
        }
        const double elapsed = watch.elapsed_ns();
        if (is_warm && elapsed >= wanted_ns / 2) {
            std::printf("%s %.2f ns\n", request.name, elapsed / static_cast<double>(n));
            std::fflush(stdout);
            return;
        }
        n = static_cast<std::size_t>(static_cast<double>(n) * wanted_ns / elapsed) + 1;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    for (const bench_request& request : bench_requests) {
        if (!wanted.empty() && std::ranges::find(wanted, request.name) == wanted.end()) continue;
        measure(request);
    }
}

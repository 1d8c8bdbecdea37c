// SPDX-License-Identifier: Apache-2.0
// bench/json/measure.hpp - the loop around a library; see bench/README.md for the contract.
//
// A program gives a Library with `template <class T> static T read(const std::string&)` and
// `template <class T> static std::string write(const T&)`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "../rate.hpp"
#include "models.hpp"

// bench/run.py compiles by the full path.
#ifndef WEFT_BENCH_DOCUMENTS
#define WEFT_BENCH_DOCUMENTS \
    (std::string(__FILE__).substr(0, std::string_view(__FILE__).rfind('/')) + "/documents")
#endif

namespace bench {

inline std::string document(std::string_view name) {
    const std::string path = std::string(WEFT_BENCH_DOCUMENTS) + "/" + std::string(name) + ".json";
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    require(file.good() && !text.str().empty(), path.c_str());
    return text.str();
}

// Prints how long one call of `run` takes, which returns a number that must be `expected`.
template <class Run>
void measure(const std::string& name, std::size_t expected, Run run) {
    const double wanted_ns = 100e6 * scale();
    std::size_t n = 16;
    for (bool is_warm = false;; is_warm = true) {
        const Stopwatch watch;
        for (std::size_t i = 0; i < n; ++i) require(run() == expected, name.c_str());
        const double elapsed = watch.elapsed_ns();
        if (is_warm && elapsed >= wanted_ns / 2) {
            std::printf("%s %.2f ns\n", name.c_str(), elapsed / static_cast<double>(n));
            std::fflush(stdout);
            return;
        }
        n = static_cast<std::size_t>(static_cast<double>(n) * wanted_ns / elapsed) + 1;
    }
}

inline std::size_t size_of(const Order& order) { return order.items.size(); }
inline std::size_t size_of(const Track& track) { return track.points.size(); }
inline std::size_t size_of(const Embedding& embedding) { return embedding.vector.size(); }
template <class T>
std::size_t size_of(const std::vector<T>& list) {
    return list.size();
}

template <class Library, class T>
void measure_document(const std::vector<std::string_view>& wanted, const std::string& name) {
    const auto is_wanted = [&](const std::string& measure) {
        return wanted.empty() || std::ranges::find(wanted, measure) != wanted.end();
    };
    const std::string text = document(name);
    const T value = Library::template read<T>(text);
    if (const std::string read = "read_" + name; is_wanted(read)) {
        measure(read, size_of(value), [&] { return size_of(Library::template read<T>(text)); });
    }
    if (const std::string write = "write_" + name; is_wanted(write)) {
        const std::size_t size = Library::template write<T>(value).size();
        measure(write, size, [&] { return Library::template write<T>(value).size(); });
    }
}

template <class Library>
void measure_all(int argc, char** argv) {
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    measure_document<Library, Order>(wanted, "order");
    measure_document<Library, std::vector<Order>>(wanted, "orders");
    measure_document<Library, std::vector<Post>>(wanted, "posts");
    measure_document<Library, Track>(wanted, "track");
    measure_document<Library, Embedding>(wanted, "embedding");
}

}  // namespace bench

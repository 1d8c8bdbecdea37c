// SPDX-License-Identifier: Apache-2.0
// The weft side of the benchmarks of JSON; see bench/README.md for the contract.
// usage: json_bench [MEASURE ...]

#include <string>

#include <bench/json/measure.hpp>

#include <weft/json/read.hpp>
#include <weft/json/write.hpp>

namespace {

struct Weft {
    template <class T>
    static T read(const std::string& text) {
        return weft::json::loads<T>(text);
    }
    template <class T>
    static std::string write(const T& value) {
        return weft::json::dumps(value);
    }
};

}  // namespace

int main(int argc, char** argv) { bench::measure_all<Weft>(argc, argv); }

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <random>

#include "pattern.hpp"

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>

namespace weft::soak {
namespace {

constexpr std::size_t period = 65521;

const Bytes& letters() {
    static const Bytes all = [] {
        std::mt19937 engine(1);
        Bytes text(period + piece_bytes_max, ' ');
        for (std::size_t i = 0; i < text.size(); ++i) {
            text[i] = i < period ? static_cast<char>(engine() % 64) : text[i - period];
        }
        return text;
    }();
    return all;
}

}  // namespace

BytesView pattern(std::size_t position, std::size_t count) {
    check(count <= piece_bytes_max, "a piece is no longer than this");
    return BytesView(letters()).substr(position % period, count);
}

bool is_pattern(BytesView data, std::size_t position) {
    while (!data.empty()) {
        const std::size_t count = std::min(data.size(), piece_bytes_max);
        if (data.substr(0, count) != pattern(position, count)) return false;
        data.remove_prefix(count);
        position += count;
    }
    return true;
}

}  // namespace weft::soak

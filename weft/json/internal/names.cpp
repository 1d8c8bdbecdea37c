// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/names.hpp>

#include <cstddef>
#include <span>
#include <string_view>

#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

std::size_t find_name(std::span<const std::string_view> names, std::string_view name) noexcept {
    std::size_t index = 0;
    while (index < names.size() && names[index] != name) ++index;
    return index;
}

Place find_last(const Tape& tape, Place object, std::string_view name) noexcept {
    Place found = nullptr;
    const Place end = tape.after(object) - 1;
    for (Place key = object + 1; key != end; key = tape.after(key + 1)) {
        if (tape.text(key) == name) found = key + 1;
    }
    return found;
}

bool fail_extras(Reading& in, std::span<const std::string_view> names, Place object) {
    const Tape& tape = in.tape();
    const Place end = tape.after(object) - 1;
    for (Place key = object + 1; key != end; key = tape.after(key + 1)) {
        const std::string_view name = tape.text(key);
        if (find_name(names, name) < names.size()) continue;
        const std::size_t mark = in.mark();
        in.fail("extra_forbidden", key + 1);
        in.within(mark, name);
    }
    return false;
}

}  // namespace weft::json::internal

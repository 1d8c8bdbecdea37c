// SPDX-License-Identifier: Apache-2.0
// apps/weft/elf_symbols_fuzz.cpp - searches arbitrary bytes for a section and for a symbol.
#include <apps/weft/elf_symbols.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const weft::app::ReadAt read = [&](std::uint64_t offset, std::span<std::byte> into) {
        if (offset > size || into.size() > size - offset) return false;
        std::memcpy(into.data(), data + offset, into.size());
        return true;
    };
    // Without the section, it is the symbol that is looked for.
    static_cast<void>(weft::app::find_in_elf(read, ".weft_debug", "weft_debug", 16));
    static_cast<void>(weft::app::find_in_elf(read, ".other", "weft_debug", 16));
    return 0;
}

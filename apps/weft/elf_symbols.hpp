// SPDX-License-Identifier: Apache-2.0
// apps/weft/elf_symbols.hpp - where a constant of a program or shared library lies.
//
// Reads only what it needs, trusts nothing that it reads, and walks no table further than a limit:
// the file may be cut off, damaged, or no ELF file at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

namespace weft::app {

/// Fills `into` with the file's bytes from `offset` on; false when it has not that many.
using ReadAt = std::function<bool(std::uint64_t offset, std::span<std::byte> into)>;

struct ElfPlace {
    std::uint64_t address;     // of the constant, as the file numbers addresses
    std::uint64_t first_load;  // lowest address that the file has loaded
};

/// Finds a section by its name, else a data symbol of at least `size` bytes by its name.
///
/// Returns: nullopt when there is neither, and for anything but a 64-bit ELF file of this
///          machine's byte order.
/// Cost:    some hundred small reads without a symbol table.
/// Limits:  256 segments, 64 Ki sections, 16 Mi symbols.
[[nodiscard]] std::optional<ElfPlace> find_in_elf(const ReadAt& read, std::string_view section,
                                                  std::string_view symbol, std::uint64_t size);

}  // namespace weft::app

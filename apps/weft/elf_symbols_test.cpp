// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/elf_symbols.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <ios>
#include <iterator>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>

#include <weft/base/check.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::app {
namespace {

using Bytes = std::vector<char>;

std::optional<ElfPlace> find(const Bytes& file, const char* section = ".weft_debug") {
    return find_in_elf(
        [&](std::uint64_t offset, std::span<std::byte> into) {
            if (offset > file.size() || into.size() > file.size() - offset) return false;
            std::memcpy(into.data(), file.data() + offset, into.size());
            return true;
        },
        section, "weft_debug", 16);
}

// A small file with what matters: a load segment, two sections, and a symbol.
struct SmallElf {
    Elf64_Ehdr header{};
    Elf64_Phdr load{};
    Elf64_Shdr sections[4]{};
    Elf64_Sym symbol{};
    char names[64] = "\0.weft_debug\0weft_debug";

    SmallElf() {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_phentsize = sizeof load;
        header.e_phnum = 1;
        header.e_phoff = offsetof(SmallElf, load);
        header.e_shentsize = sizeof sections[0];
        header.e_shnum = 4;
        header.e_shoff = offsetof(SmallElf, sections);
        header.e_shstrndx = 1;
        load.p_type = PT_LOAD;
        load.p_vaddr = 0x1000;
        sections[1].sh_offset = offsetof(SmallElf, names);
        sections[2].sh_name = 1;
        sections[2].sh_flags = SHF_ALLOC;
        sections[2].sh_addr = 0x5000;
        sections[3].sh_type = SHT_SYMTAB;
        sections[3].sh_entsize = sizeof symbol;
        sections[3].sh_size = sizeof symbol;
        sections[3].sh_offset = offsetof(SmallElf, symbol);
        sections[3].sh_link = 1;
        symbol.st_name = 13;
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
        symbol.st_shndx = 2;
        symbol.st_size = 16;
        symbol.st_value = 0x6000;
    }
    [[nodiscard]] Bytes bytes() const {
        const char* from = reinterpret_cast<const char*>(this);
        return {from, from + sizeof *this};
    }
};

TEST(ElfSymbols, finds_a_section) {
    const auto place = find(SmallElf().bytes());
    ASSERT_TRUE(place);
    EXPECT_EQ(place->address, 0x5000u);
    EXPECT_EQ(place->first_load, 0x1000u);
}

TEST(ElfSymbols, finds_a_symbol_where_there_is_no_such_section) {
    const auto place = find(SmallElf().bytes(), ".other");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->address, 0x6000u);
}

TEST(ElfSymbols, passes_over_what_is_undefined_too_small_or_no_data) {
    SmallElf elf;
    elf.symbol.st_shndx = SHN_UNDEF;
    EXPECT_FALSE(find(elf.bytes(), ".other"));
    elf = SmallElf();
    elf.symbol.st_size = 15;
    EXPECT_FALSE(find(elf.bytes(), ".other"));
    elf = SmallElf();
    elf.symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    EXPECT_FALSE(find(elf.bytes(), ".other"));
}

TEST(ElfSymbols, refuses_other_files) {
    EXPECT_FALSE(find({}));
    EXPECT_FALSE(find(Bytes(4096, '\0')));
    SmallElf elf;
    elf.header.e_ident[EI_CLASS] = ELFCLASS32;
    EXPECT_FALSE(find(elf.bytes()));
    elf = SmallElf();
    elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
    EXPECT_FALSE(find(elf.bytes()));
}

// Goal:   no offset or size makes the reader leave the file, or walk without end.
// Method: what lies outside the file is not found; an overflow is the sanitizer's to see.
TEST(ElfSymbols, survives_offsets_and_sizes_at_the_end_of_the_range) {
    for (const std::uint64_t wild : {UINT64_MAX, UINT64_MAX - 1, std::uint64_t{1} << 63,
                                     std::uint64_t{INT64_MAX}, std::uint64_t{4096}}) {
        SmallElf elf;
        elf.header.e_phoff = wild;
        EXPECT_FALSE(find(elf.bytes())) << wild;
        elf = SmallElf();
        elf.header.e_shoff = wild;
        EXPECT_FALSE(find(elf.bytes())) << wild;
        elf = SmallElf();
        elf.sections[1].sh_offset = wild;
        EXPECT_FALSE(find(elf.bytes())) << wild;
        elf = SmallElf();
        elf.sections[3].sh_offset = wild;
        EXPECT_FALSE(find(elf.bytes(), ".other")) << wild;
        elf = SmallElf();
        elf.sections[3].sh_size = wild;
        EXPECT_FALSE(find(elf.bytes(), ".other")) << wild;
        elf = SmallElf();
        elf.sections[3].sh_link = static_cast<std::uint32_t>(wild);
        EXPECT_FALSE(find(elf.bytes(), ".other")) << wild;
    }
}

// Goal:   a file cannot make the reader walk the same symbols again and again.
// Method: every section is the same endless symbol table.
TEST(ElfSymbols, looks_at_so_many_symbols_in_all_tables_together) {
    SmallElf elf;
    elf.header.e_shnum = 1000;
    elf.sections[3].sh_size = UINT64_MAX;
    elf.sections[3].sh_link = 0;
    constexpr std::uint64_t symbols_max = 16 * 1024 * 1024;
    std::uint64_t symbols = 0;
    const auto read = [&](std::uint64_t offset, std::span<std::byte> into) {
        std::ranges::fill(into, std::byte{0});
        if (offset == 0) {
            std::memcpy(into.data(), &elf.header, sizeof elf.header);
        } else if (into.size() == sizeof elf.load) {
            std::memcpy(into.data(), &elf.load, sizeof elf.load);
        } else if (into.size() == sizeof elf.sections[3]) {
            std::memcpy(into.data(), &elf.sections[3], sizeof elf.sections[3]);
        } else {
            symbols += into.size() / sizeof elf.symbol;
        }
        return symbols <= symbols_max;
    };
    EXPECT_FALSE(find_in_elf(read, ".other", "weft_debug", 16));
    EXPECT_EQ(symbols, symbols_max);
}

TEST(ElfSymbols, finds_in_a_file_that_is_cut_anywhere_the_right_place_or_none) {
    const Bytes whole = SmallElf().bytes();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        const auto section = find(cut);
        if (section) EXPECT_EQ(section->address, 0x5000u) << length;
        const auto symbol = find(cut, ".other");
        if (symbol) EXPECT_EQ(symbol->address, 0x6000u) << length;
        if (length < offsetof(SmallElf, symbol)) EXPECT_FALSE(section || symbol) << length;
    }
}

// Goal:   no damage to a file makes the reader crash or run without end.
// Method: damage some bytes of a good file at random, many times; the seed is fixed. What it finds
//         may be anything: only a crash, a sanitizer or the time limit fails the test.
TEST(ElfSymbols, survives_damaged_files) {
    std::mt19937 random(1);
    const Bytes whole = SmallElf().bytes();
    for (int round = 0; round < 20'000; ++round) {
        Bytes damaged = whole;
        for (int i = 0; i < 3; ++i) {
            damaged[random() % damaged.size()] = static_cast<char>(random());
        }
        static_cast<void>(find(damaged));
        static_cast<void>(find(damaged, ".other"));
    }
}

// This very program has a weft inside.
TEST(ElfSymbols, finds_the_table_of_this_program_however_much_of_it_is_there) {
    check(!internal::is_open(nullptr), "links the runtime");
    std::ifstream file("/proc/self/exe", std::ios::binary);
    const Bytes whole{std::istreambuf_iterator<char>(file), {}};
    const auto by_section = find(whole);
    const auto by_symbol = find(whole, ".other");
    ASSERT_TRUE(by_section && by_symbol);
    EXPECT_EQ(by_section->address, by_symbol->address);
    for (std::size_t parts = 1; parts < 300; ++parts) {
        const auto end = whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 300 * parts);
        static_cast<void>(find(Bytes(whole.begin(), end)));
    }
}

}  // namespace
}  // namespace weft::app

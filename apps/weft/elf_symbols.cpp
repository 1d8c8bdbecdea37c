// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/elf_symbols.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <elf.h>

namespace weft::app {
namespace {

constexpr std::size_t segments_max = 256;
constexpr std::size_t sections_max = 65'536;
constexpr std::uint64_t symbols_max = 16 * 1024 * 1024;
constexpr std::size_t symbols_at_once = 1024;

template <class T>
bool read_into(const ReadAt& read, std::uint64_t offset, T& into) {
    static_assert(std::is_trivially_copyable_v<T>);
    return read(offset, std::as_writable_bytes(std::span(&into, 1)));
}

// Adds without wrapping around.
std::optional<std::uint64_t> sum(std::uint64_t a, std::uint64_t b) {
    if (a > UINT64_MAX - b) return std::nullopt;
    return a + b;
}

bool reads_as(const ReadAt& read, std::optional<std::uint64_t> offset, std::string_view text) {
    std::array<char, 64> found{};
    if (!offset || text.size() + 1 > found.size()) return false;
    const std::span bytes(found.data(), text.size() + 1);  // the end counts, too
    return read(*offset, std::as_writable_bytes(bytes)) && found[text.size()] == '\0' &&
           std::string_view(found.data(), text.size()) == text;
}

class Elf {
public:
    explicit Elf(const ReadAt& read) : read_(read) {}

    [[nodiscard]] bool open() {
        if (!read_into(read_, 0, header_)) return false;
        constexpr auto order =
            std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
        if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
            header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != order ||
            header_.e_phentsize != sizeof(Elf64_Phdr)) {
            return false;
        }
        return find_first_load() && read_sections();
    }

    [[nodiscard]] std::optional<std::uint64_t> section(std::string_view name) const {
        if (header_.e_shstrndx >= sections_.size()) return std::nullopt;
        const std::uint64_t names = sections_[header_.e_shstrndx].sh_offset;
        for (const Elf64_Shdr& section : sections_) {
            if (section.sh_addr != 0 && (section.sh_flags & SHF_ALLOC) != 0 &&
                reads_as(read_, sum(names, section.sh_name), name)) {
                return section.sh_addr;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::uint64_t> symbol(std::string_view name,
                                                      std::uint64_t size) const {
        std::uint64_t may_look_at = symbols_max;  // in all tables: they may lie upon each other
        for (const Elf64_Shdr& table : sections_) {
            const bool has_symbols = table.sh_type == SHT_DYNSYM || table.sh_type == SHT_SYMTAB;
            if (!has_symbols || table.sh_entsize != sizeof(Elf64_Sym) ||
                table.sh_link >= sections_.size()) {
                continue;
            }
            if (const auto found = symbol_in(table, name, size, may_look_at)) return found;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::uint64_t first_load() const noexcept { return first_load_; }

private:
    bool find_first_load() {
        bool any = false;
        for (std::size_t i = 0; i < std::min<std::size_t>(header_.e_phnum, segments_max); ++i) {
            Elf64_Phdr segment;
            const auto at = sum(header_.e_phoff, i * sizeof segment);
            if (!at || !read_into(read_, *at, segment)) return any;
            if (segment.p_type != PT_LOAD) continue;
            first_load_ = any ? std::min(first_load_, segment.p_vaddr) : segment.p_vaddr;
            any = true;
        }
        return any;
    }

    bool read_sections() {
        if (header_.e_shentsize != sizeof(Elf64_Shdr)) return false;
        const std::size_t count = std::min<std::size_t>(header_.e_shnum, sections_max);
        for (std::size_t i = 0; i < count; ++i) {
            Elf64_Shdr section;
            const auto at = sum(header_.e_shoff, i * sizeof section);
            if (!at || !read_into(read_, *at, section)) break;
            sections_.push_back(section);
        }
        return !sections_.empty();
    }

    std::optional<std::uint64_t> symbol_in(const Elf64_Shdr& table, std::string_view name,
                                           std::uint64_t size, std::uint64_t& may_look_at) const {
        const std::uint64_t names = sections_[table.sh_link].sh_offset;
        std::uint64_t left =
            std::min<std::uint64_t>(table.sh_size / sizeof(Elf64_Sym), may_look_at);
        std::optional<std::uint64_t> at = table.sh_offset;
        std::vector<Elf64_Sym> some(symbols_at_once);
        while (left > 0 && at) {
            some.resize(std::min<std::uint64_t>(left, symbols_at_once));
            if (!read_(*at, std::as_writable_bytes(std::span(some)))) return std::nullopt;
            may_look_at -= some.size();
            for (const Elf64_Sym& symbol : some) {
                if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_shndx != SHN_UNDEF &&
                    symbol.st_size >= size && reads_as(read_, sum(names, symbol.st_name), name)) {
                    return symbol.st_value;
                }
            }
            left -= some.size();
            at = sum(*at, some.size() * sizeof(Elf64_Sym));
        }
        return std::nullopt;
    }

    const ReadAt& read_;
    Elf64_Ehdr header_{};
    std::uint64_t first_load_ = 0;
    std::vector<Elf64_Shdr> sections_;
};

}  // namespace

std::optional<ElfPlace> find_in_elf(const ReadAt& read, std::string_view section,
                                    std::string_view symbol, std::uint64_t size) {
    Elf elf(read);
    if (!elf.open()) return std::nullopt;
    std::optional<std::uint64_t> address = elf.section(section);
    if (!address) address = elf.symbol(symbol, size);
    if (!address) return std::nullopt;
    return ElfPlace{*address, elf.first_load()};
}

}  // namespace weft::app

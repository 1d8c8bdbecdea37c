// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/file_names.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <weft/http/url.hpp>
#include <weft/http/utf8.hpp>

namespace weft::app {
namespace {

// Longer ones are no extensions.
constexpr std::size_t extension_bytes_max = 16;

// ".gz" of "a.tar.gz"; nothing of ".gz".
std::string_view extension_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    const std::string_view extension = name.substr(dot);
    return extension.size() > extension_bytes_max ? std::string_view() : extension;
}

// How many bytes the character in front has; 0 for what is none.
std::size_t character_size(std::string_view text) {
    for (std::size_t size = 1; size <= std::min<std::size_t>(text.size(), 4); ++size) {
        if (http::is_utf8(text.substr(0, size))) return size;
    }
    return 0;
}

// Of Unicode: controls beyond ASCII, marks and embeddings of direction, separators of lines, marks of
// no width.
bool is_invisible(std::string_view character) {
    if (character.size() == 2) return character[0] == '\xc2' && character[1] < '\xa0';
    if (character.size() != 3) return false;
    const bool is_mark = character >= "\xe2\x80\x8b" && character <= "\xe2\x80\x8f";
    const bool is_embedding = character >= "\xe2\x80\xa8" && character <= "\xe2\x80\xae";
    const bool is_isolate = character >= "\xe2\x81\xa0" && character <= "\xe2\x81\xaf";
    return is_mark || is_embedding || is_isolate || character == "\xef\xbb\xbf";
}

bool may_stand(std::string_view character) {
    if (character.size() > 1) return !is_invisible(character);
    const auto byte = static_cast<unsigned char>(character[0]);
    return byte >= 0x20 && byte != 0x7f && byte != '/' && byte != '\\';
}

std::string only_visible(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        const std::size_t size = std::max<std::size_t>(character_size(text), 1);
        const std::string_view character = text.substr(0, size);
        const bool is_character = character_size(text) > 0;
        if (is_character && may_stand(character)) {
            name += character;
        } else {
            name += '_';
        }
        text.remove_prefix(size);
    }
    return name;
}

// Before the extension.
std::string shortened(const std::string& name) {
    if (name.size() <= file_name_bytes_max) return name;
    const std::string_view extension = extension_of(name);
    const std::string_view stem =
        std::string_view(name).substr(0, file_name_bytes_max - extension.size());
    return std::string(stem.substr(0, http::utf8_prefix(stem))) + std::string(extension);
}

}  // namespace

std::string file_name_of(const http::URL& url) {
    std::string name = only_visible(url.name());
    if (name.empty()) return "index.html";
    if (name.front() == '.' || name.front() == '-' || name.front() == ' ') name.front() = '_';
    if (name.back() == ' ') name.back() = '_';
    name = shortened(name);
    if (name.ends_with(".part") || name.ends_with(".part.json")) name += '_';
    return name;
}

std::string FileNames::take(const std::string& name) {
    if (taken_.insert(name).second) return name;
    const std::string extension(extension_of(name));
    const std::string stem = name.substr(0, name.size() - extension.size());
    std::size_t& number = last_numbers_.try_emplace(name, 1).first->second;
    for (;;) {
        const std::string other = stem + "-" + std::to_string(++number) + extension;
        if (taken_.insert(other).second) return other;
    }
}

}  // namespace weft::app

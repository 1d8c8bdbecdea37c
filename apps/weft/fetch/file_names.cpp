// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/file_names.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/base/visible.hpp>
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

std::string only_visible(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        const auto [size, is_visible] = first_character(text);
        if (is_visible && text.front() != '/' && text.front() != '\\') {
            name += text.substr(0, size);
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

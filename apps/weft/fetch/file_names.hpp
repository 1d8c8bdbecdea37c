// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/file_names.hpp - what the file of a URL is called.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <weft/http/url.hpp>

namespace weft::app {

/// Room for a number, and for what a file is called until it is whole, in the 255 bytes that there are.
inline constexpr std::size_t file_name_bytes_max = 200;

/// The last segment of the path, decoded; "index.html" where there is none.
///
/// A server, or whoever makes links, must not choose where a file goes or what a terminal does: slashes
/// and all but visible characters of UTF-8 become `_`, as do a dot or a hyphen in front and a space at
/// either end. A name that is one of a file that is not whole gets a
/// `_` behind it. A long one is cut before its extension.
[[nodiscard]] std::string file_name_of(const http::URL& url);

/// Gives each file of a folder a name of its own.
class FileNames {
public:
    /// Returns: the name, or where it was taken before "name-2.ext", "name-3.ext" and so on.
    [[nodiscard]] std::string take(const std::string& name);

private:
    std::unordered_set<std::string> taken_;
    std::unordered_map<std::string, std::size_t> last_numbers_;
};

}  // namespace weft::app

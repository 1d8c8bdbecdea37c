// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/url_list.hpp - the URLs that the user names, on the command line or in a list.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <weft/http/url.hpp>

namespace weft::app {

/// A mistake of the user's, as lines for people.
class UsageError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// URLs, each once, in the order in which they were first named.
class UrlList {
public:
    /// Adds an argument of the command line.
    void add_argument(std::string_view text);
    /// Adds the lines of a list. Empty lines and those that begin with # are none of URLs; white space
    /// around one, the carriage return of a line end and a byte order mark are dropped.
    /// `name` is what errors call the list.
    void add_list(std::string_view text, const std::string& name);

    /// Errors: UsageError   not all were URLs of http or https, each of which it names, up to ten; or
    ///                      there are none.
    [[nodiscard]] std::vector<http::URL> finish() &&;

private:
    void add(std::string_view text, const std::string& place);

    std::vector<http::URL> urls_;
    std::vector<std::string> errors_;
    std::size_t errors_beyond_ = 0;
};

/// How long a list may be.
inline constexpr std::size_t list_bytes_max = std::size_t{64} * 1024 * 1024;

/// The text of a list; "-" is standard input.
/// Errors: UsageError   it cannot be read, or is longer than list_bytes_max.
[[nodiscard]] std::string read_list(const std::string& path);

}  // namespace weft::app

// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/options.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <apps/weft/fetch/file_names.hpp>
#include <apps/weft/fetch/url_list.hpp>

#include <weft/base/exceptions.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>
#include <weft/http/utf8.hpp>

namespace weft::app {
namespace {

bool is_for_the_client(std::string_view name) {
    for (const std::string_view own :
         {"Accept-Encoding", "Content-Length", "If-Range", "Range", "Transfer-Encoding"}) {
        if (http::equal_ignoring_case(name, own)) return true;
    }
    return false;
}

// Errors never tell the value, which may be a secret.
void add_header(http::Headers& headers, std::string_view text, std::size_t number) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        throw UsageError("--header: number " + std::to_string(number) +
                         " has no colon; 'Name: value' was expected");
    }
    const std::string_view name = text.substr(0, colon);
    if (is_for_the_client(name)) {
        throw UsageError("--header: " + std::string(name) + " is for weft to say");
    }
    try {
        headers.add(name, text.substr(colon + 1));
    } catch (const ValueError& error) {
        throw UsageError(std::string("--header: ") + error.what());
    }
}

std::optional<http::Proxy> read_proxy(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto url = http::URL::parse(text);
    if (!url) throw UsageError("--proxy: " + describe(url.error()));
    for (const std::string_view scheme : {"http", "socks5", "socks5h"}) {
        if (url->scheme() == scheme && url->is_absolute()) return http::Proxy{.url = *url};
    }
    throw UsageError("--proxy: a URL of http, socks5 or socks5h was expected, with a host; got " +
                     url->human_repr());
}

void check_name(const FetchArguments& arguments, std::size_t urls) {
    const std::string& name = arguments.name;
    if (name.empty()) return;
    if (urls != 1) throw UsageError("--name: there are " + std::to_string(urls) + " URLs, not one");
    if (name.size() > file_name_bytes_max || name == "." || name == ".." ||
        name.find('/') != std::string::npos) {
        throw UsageError("--name: " + http::in_quotes(name) +
                         " is no name of a file: no slash, and at most " +
                         std::to_string(file_name_bytes_max) + " bytes; --out tells the folder");
    }
}

}  // namespace

FetchOptions read_arguments(const FetchArguments& arguments) {
    FetchOptions options;
    std::size_t number = 0;
    for (const std::string& text : arguments.headers) add_header(options.headers, text, ++number);
    options.proxy = read_proxy(arguments.proxy);
    UrlList urls;
    for (const std::string& text : arguments.urls) urls.add_argument(text);
    for (const std::string& path : arguments.lists) {
        urls.add_list(read_list(path), path == "-" ? "standard input" : path);
    }
    if (arguments.json && !http::is_utf8(arguments.out)) {
        throw UsageError("--out: " + http::in_quotes(arguments.out) +
                         " is no UTF-8, which JSON is written in");
    }
    if (arguments.json && !http::is_utf8(arguments.name)) {
        throw UsageError("--name: " + http::in_quotes(arguments.name) +
                         " is no UTF-8, which JSON is written in");
    }
    options.urls = std::move(urls).finish();
    check_name(arguments, options.urls.size());
    return options;
}

}  // namespace weft::app

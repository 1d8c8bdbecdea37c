// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/url_list.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::app {
namespace {

constexpr std::size_t errors_max = 10;

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (text.starts_with(mark)) text.remove_prefix(mark.size());
    return text;
}

struct CloseFile {
    void operator()(std::FILE* file) const noexcept {
        if (file != stdin) std::fclose(file);
    }
};

}  // namespace

void UrlList::add(std::string_view text, const std::string& place) {
    auto url = http::URL::parse_http(text);
    if (url && (url->scheme() == "http" || url->scheme() == "https")) {
        urls_.push_back(url->raw_fragment().empty() ? *std::move(url) : url->with_fragment(""));
        return;
    }
    if (errors_.size() == errors_max) {
        ++errors_beyond_;
        return;
    }
    errors_.push_back(
        place + (url ? "the scheme '" + std::string(url->scheme()) + "' is none of http, https"
                     : describe(url.error())));
}

void UrlList::add_argument(std::string_view text) { add(text, ""); }

void UrlList::add_list(std::string_view text, const std::string& name) {
    text = without_byte_order_mark(text);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = http::trimmed(line);
        if (line.empty() || line.starts_with('#')) continue;
        add(line, name + ", line " + std::to_string(number) + ": ");
    }
}

std::vector<http::URL> UrlList::finish() && {
    if (!errors_.empty()) {
        std::string text;
        for (const std::string& error : errors_) text += (text.empty() ? "" : "\n") + error;
        if (errors_beyond_ > 0) text += "\n… and " + std::to_string(errors_beyond_) + " more";
        throw UsageError(text);
    }
    if (urls_.empty()) throw UsageError("no URLs: name some, or a list of them with --from FILE");
    std::unordered_set<http::URL> seen;
    std::erase_if(urls_, [&](const http::URL& url) { return !seen.insert(url).second; });
    return std::move(urls_);
}

std::string read_list(const std::string& path) {
    const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin
                                                                 : std::fopen(path.c_str(), "re"));
    const auto fail = [&] { throw UsageError("--from " + path + ": " + std::strerror(errno)); };
    if (!file) fail();
    std::string text;
    std::array<char, std::size_t{64} * 1024> piece{};
    for (;;) {
        const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get());
        text.append(piece.data(), count);
        if (text.size() > list_bytes_max) {
            throw UsageError("--from " + path + ": the list is longer than " +
                             std::to_string(list_bytes_max) + " bytes");
        }
        if (count == piece.size()) continue;
        if (std::ferror(file.get()) != 0) fail();
        return text;
    }
}

}  // namespace weft::app

// SPDX-License-Identifier: Apache-2.0
// weft/http/url_fuzz.cpp - parses texts, joins them, and changes parts of what comes out.
//
// The first line of the input is a base; what is behind it is the text.
#include <weft/http/url.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/base/check.hpp>
#include <weft/http/url_error.hpp>

namespace {

using weft::check;
using weft::http::InvalidURL;
using weft::http::URL;

// Whatever the text was, the URL is canonical, and nothing in it ends a line or a header.
void check_text(const URL& url) {
    const std::string& text = url.to_string();
    const auto again = URL::parse(text);
    check(again.has_value() && *again == url, "the text of a URL is that URL");
    check(again->raw_path() == url.raw_path() && again->raw_host() == url.raw_host() &&
              again->raw_user() == url.raw_user() && again->raw_password() == url.raw_password() &&
              again->raw_query_string() == url.raw_query_string() &&
              again->raw_fragment() == url.raw_fragment() &&
              again->explicit_port() == url.explicit_port(),
          "its parts are the same, too");
    check(std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; }),
          "a URL is visible ASCII");
    static_cast<void>(url.host());
    static_cast<void>(url.human_repr());
}

void check_strict(std::string_view text, const URL* base) {
    const auto url = base ? URL::parse_http(text, *base) : URL::parse_http(text);
    if (!url) return;
    const auto lax = base ? URL::parse(text, *base) : URL::parse(text);
    check(lax.has_value() && *lax == *url, "what is strictly right is the same for all");
    check(url->is_absolute() && url->raw_path_qs().starts_with('/') &&
              !url->raw_path_qs().contains(' '),
          "an HTTP request has a host and a target");
}

// A change that the URL allows gives a URL with that part; a plain text comes back as it was.
template <class Change>
void check_change(Change change) {
    try {
        check_text(change());
    } catch (const InvalidURL&) {  // this URL cannot have that
    }
}

void check_changes(const URL& url, const std::string& text) {
    check_change([&] { return url.with_host(text); });
    check_change([&] { return url.with_scheme(text); });
    check_change([&] { return url.with_scheme("https"); });
    check_change([&] { return url.with_scheme("x"); });
    check_change([&] { return url.with_path(text); });
    check_change([&] { return url / text; });
    check_change([&] { return url.parent(); });
    check_change([&] { return url.origin(); });
    check_change([&] { return url.with_port(8080); });
    check_change([&] { return url.with_query(text); });
    check_change([&] {
        URL changed = url.with_user(text).with_password(text);
        check(changed.user() == text && changed.password() == text, "user and password are kept");
        return changed;
    });
    check_change([&] {
        URL changed = url.with_fragment(text);
        check(changed.fragment() == text, "a fragment is kept");
        return changed;
    });
    check_change([&] {
        URL changed = url.with_query({{text, text}, {"", text}});
        check(changed.query().getall(text).front() == text, "fields of a query are kept");
        return changed.update_query({{text, "1"}}).extend_query(changed.query());
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(input.find('\n'), input.size());
    const std::string_view first = input.substr(0, line);
    const std::string text(input.substr(std::min(line + 1, input.size())));

    check_strict(text, nullptr);
    if (const auto url = URL::parse(text)) check_text(*url);
    const auto base = URL::parse(first);
    if (!base) return 0;
    check_text(*base);
    check_strict(text, &*base);
    if (const auto joined = URL::parse(text, *base)) check_text(*joined);
    check_changes(*base, text);
    return 0;
}

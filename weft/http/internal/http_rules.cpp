// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/http_rules.hpp>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string_view>

#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/ip_address.hpp>
#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/internal/scheme.hpp>
#include <weft/http/internal/url_culprit.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {
namespace {

constexpr ByteSet spaces_and_controls = ByteSet().with(0x00, 0x20).with("\x7f");

}  // namespace

std::expected<void, URLError> check_http_text(std::string_view text) {
    const auto failed = [&](URLFault fault, std::string_view culprit) {
        return std::unexpected(URLError{.fault = fault, .culprit = culprit_of(text, culprit)});
    };
    const auto* const bad =
        std::ranges::find_if(text, [](char c) { return spaces_and_controls.contains(c); });
    if (bad != text.end()) {
        const auto place = static_cast<std::size_t>(bad - text.begin());
        return failed(URLFault::space_or_control, text.substr(place, 1));
    }

    const std::string_view head = text.substr(0, std::min(text.find('?'), text.find('#')));
    std::string_view rest = head;
    const auto scheme = scheme_of(head);
    if (scheme) {
        rest.remove_prefix(scheme->size() + 1);
        if (auto checked = check_http_scheme(*scheme); !checked) return checked;
    }
    const std::size_t slashes = std::min(rest.find_first_not_of('/'), rest.size());
    if (head.contains('\\') || slashes > 2 || (scheme && slashes != 2)) {
        return failed(URLFault::bad_slashes, head);
    }
    if (slashes == 2) {
        const std::string_view authority = rest.substr(2, rest.find('/', 2) - 2);
        if (std::ranges::count(authority, '@') > 1) return failed(URLFault::bad_userinfo, head);
    }
    return {};
}

std::expected<void, URLError> check_http_scheme(std::string_view scheme) {
    if (is_http(lower_case(scheme))) return {};
    // It is shown whatever is behind it: a scheme is no secret, even one that was meant as a user.
    return std::unexpected(
        URLError{.fault = URLFault::not_http, .culprit = culprit_of(scheme, scheme)});
}

std::expected<void, URLFault> check_http_host(std::string_view text, std::string_view canonical) {
    if (text.contains('%')) return std::unexpected(URLFault::encoded_host);
    if (ends_in_number(canonical) && text != canonical) {
        return std::unexpected(URLFault::non_canonical);
    }
    return {};
}

}  // namespace weft::http::internal

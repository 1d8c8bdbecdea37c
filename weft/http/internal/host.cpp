// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/host.hpp>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/internal/domain_name.hpp>
#include <weft/http/internal/ip_address.hpp>
#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {
namespace {

using namespace std::string_view_literals;

// The forbidden host code points and forbidden domain code points of WHATWG URL §3.3.
constexpr ByteSet forbidden_in_host = ByteSet().with("\0\t\n\r #/:<>?@[\\]^|"sv);
constexpr ByteSet forbidden_in_domain =
    forbidden_in_host.with(0x00, 0x1f).with("%").with(0x7f, 0xff);

bool holds_any_of(std::string_view text, const ByteSet& set) {
    return std::ranges::any_of(text, [&](char c) { return set.contains(c); });
}

std::expected<void, URLFault> append_bracketed(std::string& out, std::string_view text) {
    const auto address =
        text.ends_with(']') ? parse_ipv6(text.substr(1, text.size() - 2)) : std::nullopt;
    if (!address) return std::unexpected(URLFault::bad_ipv6);
    out += '[';
    append_ipv6(out, *address);
    out += ']';
    return {};
}

std::expected<void, URLFault> append_domain(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    const bool is_one = text.contains('%') ? append_domain_in_ascii(out, percent_decoded(text))
                                           : append_domain_in_ascii(out, text);
    const std::string_view domain = std::string_view(out).substr(begin);
    if (!is_one || domain.empty() || holds_any_of(domain, forbidden_in_domain)) {
        return std::unexpected(URLFault::bad_host);
    }
    if (!ends_in_number(domain)) return {};
    const auto address = parse_ipv4(domain);
    if (!address) return std::unexpected(URLFault::bad_ipv4);
    out.resize(begin);
    append_ipv4(out, *address);
    return {};
}

}  // namespace

std::expected<void, URLFault> append_host(std::string& out, std::string_view text, HostKind kind) {
    if (text.starts_with('[')) return append_bracketed(out, text);
    if (kind == HostKind::special) return append_domain(out, text);
    if (holds_any_of(text, forbidden_in_host)) return std::unexpected(URLFault::bad_host);
    append_percent_encoded(out, text, c0_control_set);
    return {};
}

}  // namespace weft::http::internal

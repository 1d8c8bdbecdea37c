// SPDX-License-Identifier: Apache-2.0
#include <weft/http/url.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/http/form_urlencoded.hpp>
#include <weft/http/internal/domain_name.hpp>
#include <weft/http/internal/human_text.hpp>
#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/internal/scheme.hpp>
#include <weft/http/internal/url_parser.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {
namespace {

using internal::percent_decoded;
using internal::URLRules;

std::string_view without_brackets(std::string_view host) noexcept {
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

std::string_view without_sign(std::string_view part) noexcept {
    return part.substr(std::min<std::size_t>(1, part.size()));
}

}  // namespace

URL::URL(std::string_view text) {
    auto parsed = parse(text);
    if (!parsed) throw InvalidURL(parsed.error());
    *this = *std::move(parsed);
}

std::expected<URL, URLError> URL::parse(std::string_view text) {
    return internal::parse_url(text, nullptr, URLRules::browser);
}
std::expected<URL, URLError> URL::parse(std::string_view text, const URL& base) {
    return internal::parse_url(text, &base, URLRules::browser);
}
std::expected<URL, URLError> URL::parse_http(std::string_view text) {
    return internal::parse_url(text, nullptr, URLRules::http);
}
std::expected<URL, URLError> URL::parse_http(std::string_view text, const URL& base) {
    return internal::parse_url(text, &base, URLRules::http);
}

std::string_view URL::between(std::uint32_t begin, std::uint32_t end) const noexcept {
    return std::string_view(text_).substr(begin, end - begin);
}

std::string_view URL::scheme() const noexcept { return between(0, marks_.scheme_end); }

std::string_view URL::raw_user() const noexcept {
    return between(marks_.user_begin, marks_.user_end);
}
std::string URL::user() const { return percent_decoded(raw_user()); }

std::string_view URL::raw_password() const noexcept {
    return without_sign(between(marks_.user_end, marks_.password_end));
}
std::string URL::password() const { return percent_decoded(raw_password()); }

std::string_view URL::host_subcomponent() const noexcept {
    return between(marks_.host_begin, marks_.host_end);
}
std::string_view URL::raw_host() const noexcept { return without_brackets(host_subcomponent()); }
std::string URL::host() const {
    if (internal::kind_of(scheme()) == internal::SchemeKind::other) {
        return percent_decoded(raw_host());
    }
    return internal::domain_to_unicode(raw_host());
}

std::string_view URL::host_port_subcomponent() const noexcept {
    return marks_.has_authority ? between(marks_.host_begin, marks_.path_begin) : "";
}

std::optional<std::uint16_t> URL::explicit_port() const noexcept { return marks_.port; }
std::optional<std::uint16_t> URL::port() const noexcept {
    return marks_.port ? marks_.port : internal::default_port(scheme());
}

std::string_view URL::raw_path() const noexcept {
    return between(marks_.path_begin, marks_.path_end);
}
std::string URL::path() const { return percent_decoded(raw_path()); }

std::string_view URL::raw_path_qs() const noexcept {
    return between(marks_.path_begin, marks_.query_end);
}

std::string URL::name() const {
    const std::string_view path = raw_path();
    return percent_decoded(path.substr(path.rfind('/') + 1));
}

std::string_view URL::raw_query_string() const noexcept {
    return without_sign(between(marks_.path_end, marks_.query_end));
}
std::string URL::query_string() const {
    std::string text(raw_query_string());
    std::ranges::replace(text, '+', ' ');
    return percent_decoded(text);
}
MultiDict URL::query() const {
    // No limit: a URL is bounded itself.
    return *parse_qsl(raw_query_string(),
                      {.max_num_fields = std::numeric_limits<std::size_t>::max()});
}

std::string_view URL::raw_fragment() const noexcept {
    return without_sign(std::string_view(text_).substr(marks_.query_end));
}
std::string URL::fragment() const { return percent_decoded(raw_fragment()); }

std::string URL::human_repr() const {
    const std::string_view before_host = between(0, marks_.user_begin);
    std::string text(before_host);
    if (marks_.host_begin != marks_.user_begin) {
        text += internal::human_text(raw_user());
        if (!raw_password().empty()) text += ":***";
        text += '@';
    }
    const std::string name = host();
    text += host_subcomponent().starts_with('[') ? std::string(host_subcomponent()) : name;
    text += std::string_view(text_).substr(marks_.host_end, marks_.path_begin - marks_.host_end);
    return text + internal::human_text(std::string_view(text_).substr(marks_.path_begin));
}

bool URL::is_absolute() const noexcept { return marks_.host_begin != marks_.host_end; }

}  // namespace weft::http

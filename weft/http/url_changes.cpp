// SPDX-License-Identifier: Apache-2.0
//
// The URLs that are made from another one: its parts are written again, with one of them changed.
#include <algorithm>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/http/form_urlencoded.hpp>
#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/host.hpp>
#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/internal/scheme.hpp>
#include <weft/http/internal/url_builder.hpp>
#include <weft/http/internal/url_culprit.hpp>
#include <weft/http/internal/url_path.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {
namespace {

using internal::append_percent_encoded;
using internal::ByteSet;
using internal::kind_of;
using internal::SchemeKind;
using internal::URLBuilder;
using internal::URLParts;

// What is given is plain text: a percent sign is one, and a backslash is no slash.
constexpr ByteSet plain_userinfo_set = internal::userinfo_set.with("%");
constexpr ByteSet plain_path_set = internal::path_set.with("%\\");
constexpr ByteSet plain_query_set = internal::special_query_set.with("%").without(" ");
constexpr ByteSet plain_fragment_set = internal::fragment_set.with("%");

std::string encoded(std::string_view text, const ByteSet& set) {
    std::string out;
    append_percent_encoded(out, text, set);
    return out;
}

std::optional<std::string_view> unless_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

[[noreturn]] void fail(URLFault fault, std::string_view culprit) {
    throw InvalidURL({.fault = fault, .culprit = internal::culprit_of(culprit, culprit)});
}
[[noreturn]] void refuse(std::string_view part, const URL& url) {
    fail(URLFault::not_allowed,
         std::string(part) + " in this URL of the scheme '" + std::string(url.scheme()) + "'");
}

URL written(const URLParts& parts) {
    auto url = URLBuilder::assemble(parts);
    if (!url) throw InvalidURL(url.error());
    return *std::move(url);
}

URLParts parts_of(const URL& url) { return URLBuilder::parts_of(url); }

// The parts of a URL whose authority may have a user and a port.
URLParts parts_with_host(const URL& url, std::string_view part) {
    if (!url.is_absolute() || url.scheme() == "file") refuse(part, url);
    return parts_of(url);
}

URLParts parts_with_path(const URL& url) {
    URLParts parts = parts_of(url);
    if (parts.has_opaque_path) refuse("path of segments", url);
    parts.query = parts.fragment = std::nullopt;
    return parts;
}

// Such a path, which is encoded but may have dots.
URL with_segments(URLParts parts, std::string_view path) {
    std::string text;
    // Without a host, no path at all would be one that is opaque.
    if (path.empty() && !parts.host) path = "/";
    internal::append_path(text, 0, path, kind_of(parts.scheme));
    parts.path = text;
    return written(parts);
}

}  // namespace

URL URL::origin() const {
    if (!is_absolute()) refuse("origin", *this);
    const URLParts parts = parts_of(*this);
    const std::string_view path = kind_of(scheme()) == SchemeKind::other ? "" : "/";
    return written({.scheme = parts.scheme, .host = parts.host, .port = parts.port, .path = path});
}

URL URL::join(std::string_view reference) const {
    auto url = parse(reference, *this);
    if (!url) throw InvalidURL(url.error());
    return *std::move(url);
}

URL URL::parent() const {
    URLParts parts = parts_with_path(*this);
    std::string path(parts.path);
    internal::remove_last_segment(path, 0, kind_of(scheme()));
    return with_segments(parts, path);
}

URL URL::with_scheme(std::string_view scheme) const {
    if (!internal::is_scheme(scheme)) fail(URLFault::bad_scheme, scheme);
    const std::string lower = internal::lower_case(scheme);
    const SchemeKind kind = kind_of(lower);
    if (lower != this->scheme() && (kind == SchemeKind::file || kind != kind_of(this->scheme()))) {
        refuse("change to '" + lower + "'", *this);
    }
    URLParts parts = parts_of(*this);
    parts.scheme = lower;
    return written(parts);
}

URL URL::with_user(std::string_view user) const {
    URLParts parts = parts_with_host(*this, "user");
    const std::string text = encoded(user, plain_userinfo_set);
    parts.user = text;
    if (user.empty()) parts.password = "";
    return written(parts);
}

URL URL::with_password(std::string_view password) const {
    URLParts parts = parts_with_host(*this, "password");
    const std::string text = encoded(password, plain_userinfo_set);
    parts.password = text;
    return written(parts);
}

URL URL::with_host(std::string_view host) const {
    URLParts parts = parts_of(*this);
    if (parts.has_opaque_path) refuse("host", *this);
    if (host.empty()) fail(URLFault::no_host, host);
    const bool bare_ipv6 = host.contains(':') && !host.starts_with('[');
    const std::string text = bare_ipv6 ? "[" + std::string(host) + "]" : std::string(host);
    const SchemeKind kind = kind_of(scheme());
    std::string canonical;
    const auto done = internal::append_host(
        canonical, text,
        kind == SchemeKind::other ? internal::HostKind::opaque : internal::HostKind::special);
    if (!done) fail(done.error(), host);
    if (kind == SchemeKind::file && canonical == "localhost") canonical.clear();
    parts.host = canonical;
    return written(parts);
}

URL URL::with_port(std::optional<int> port) const {
    URLParts parts = parts_with_host(*this, "port");
    if (port && (*port < 0 || *port > 65535)) fail(URLFault::bad_port, std::to_string(*port));
    parts.port = port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
    return written(parts);
}

URL URL::with_path(std::string_view path) const {
    return with_segments(parts_with_path(*this), encoded(path, plain_path_set));
}

URL URL::operator/(std::string_view segment) const {
    const URLParts parts = parts_with_path(*this);
    if (segment.starts_with('/')) fail(URLFault::bad_slashes, segment);
    std::string path(parts.path);
    if (!path.ends_with('/')) path += '/';
    append_percent_encoded(path, segment, plain_path_set);
    return with_segments(parts, path);
}

URL URL::with_query(std::string_view query) const {
    std::string text = encoded(query, plain_query_set);
    std::ranges::replace(text, ' ', '+');
    URLParts parts = parts_of(*this);
    parts.query = unless_empty(text);
    return written(parts);
}

URL URL::with_query(const MultiDict& query) const {
    const std::string text = urlencode(query);
    URLParts parts = parts_of(*this);
    parts.query = unless_empty(text);
    return written(parts);
}

URL URL::with_fragment(std::string_view fragment) const {
    const std::string text = encoded(fragment, plain_fragment_set);
    URLParts parts = parts_of(*this);
    parts.fragment = unless_empty(text);
    return written(parts);
}

URL URL::extend_query(const MultiDict& fields) const {
    MultiDict all = query();
    all.extend(fields);
    return with_query(all);
}

URL URL::update_query(const MultiDict& fields) const {
    MultiDict all = query();
    all.update(fields);
    return with_query(all);
}

URL URL::without_query_params(std::initializer_list<std::string_view> names) const {
    MultiDict all = query();
    for (const std::string_view name : names) all.erase(name);
    return with_query(all);
}

}  // namespace weft::http

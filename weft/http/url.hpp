// SPDX-License-Identifier: Apache-2.0
// weft/http/url.hpp - URL: where something is, and what to ask for there.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/multi_dict.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {

namespace internal {
class URLBuilder;
}

/// A URL, with yarl's names and a browser's parser. An immutable value; a copy is one string.
///
///     const URL url("https://example.com/a/b?x=1#top");
///     const URL next = url.join("../c");
///     const URL page = url / "d" % MultiDict{{"page", "2"}};
///
/// It is parsed once, into the canonical text: what host() says is what is connected to and sent.
/// A URL always has a scheme; a relative reference is a text that join() takes.
///
/// Accessors that begin with `raw_` give a part as the text has it, the others decode %XX into bytes,
/// which are UTF-8 where the URL is well made. A part that is not there is empty. What with_path()
/// and its like take is plain text, in which a percent sign is one.
///
/// Lifetime: views hold as long as the object is there and unchanged. One that was moved from may
///           be assigned and destroyed, no more.
/// Thread:   any.
/// Limits:   bytes_max, 64 KiB, for what is parsed and for what it becomes.
/// Cost:     parsing is linear, and mostly one allocation; an accessor that returns a view is free.
/// Spec:     WHATWG URL Standard §4. yarl.URL, which follows RFC 3986: there `http://a` has no path,
///           a URL may be relative, and needless %XX are decoded. libidn2 refuses some names of
///           hosts that browsers take, such as `☃.net`.
class URL {
public:
    static constexpr std::size_t bytes_max = std::size_t{64} * 1024;

    /// Errors: InvalidURL   as parse() says.
    explicit URL(std::string_view text);

    /// What a browser makes of a text: white space around it, tabs and line ends are dropped, `\` is
    /// `/` in an HTTP URL, and `0x7f.1` is the host `127.0.0.1`.
    ///
    /// Errors: too_long, no_scheme, no_host, bad_host, bad_ipv4, bad_ipv6, bad_port.
    [[nodiscard]] static std::expected<URL, URLError> parse(std::string_view text);
    /// The same, relative to `base`. join() is this with an exception.
    [[nodiscard]] static std::expected<URL, URLError> parse(std::string_view text, const URL& base);

    /// What an HTTP client takes from outside. Refuses all that programs are known to read in two
    /// ways, so that no check before this one has looked at another host.
    ///
    /// Errors: as parse(), and
    ///         not_http           a scheme, or one of `base`, but http, https, ws, wss;
    ///         space_or_control   anywhere, also around the text;
    ///         bad_slashes        a backslash before the query; `http:/a`, `http:///a`, `///a`;
    ///         bad_userinfo       a second `@` before the path;
    ///         encoded_host       `%` in the host;
    ///         non_canonical      an IPv4 address as `0x7f.1`, `2130706433`, `127.0.0.1.`, or in
    ///                            other figures than ASCII's.
    [[nodiscard]] static std::expected<URL, URLError> parse_http(std::string_view text);
    /// The same, relative to `base`: what a redirect is to.
    [[nodiscard]] static std::expected<URL, URLError> parse_http(std::string_view text,
                                                                 const URL& base);

    // ---- parts

    [[nodiscard]] std::string_view scheme() const noexcept;
    [[nodiscard]] std::string user() const;
    [[nodiscard]] std::string_view raw_user() const noexcept;
    [[nodiscard]] std::string password() const;
    [[nodiscard]] std::string_view raw_password() const noexcept;

    /// A domain as people read it (`faß.de`), an address without brackets.
    [[nodiscard]] std::string host() const;
    /// A domain as DNS has it (`xn--fa-hia.de`), an address without brackets.
    [[nodiscard]] std::string_view raw_host() const noexcept;
    /// raw_host(), an IPv6 address in brackets.
    [[nodiscard]] std::string_view host_subcomponent() const noexcept;
    /// The value of a Host header: the host, and the port unless it is the scheme's.
    [[nodiscard]] std::string_view host_port_subcomponent() const noexcept;
    /// The port, else that of the scheme; nullopt for a scheme without one.
    [[nodiscard]] std::optional<std::uint16_t> port() const noexcept;
    /// The port that the text has; nullopt where it is the scheme's, which the text never has.
    [[nodiscard]] std::optional<std::uint16_t> explicit_port() const noexcept;

    [[nodiscard]] std::string path() const;
    [[nodiscard]] std::string_view raw_path() const noexcept;
    /// Path and query: the target of an HTTP request. ASCII without spaces and control bytes, and
    /// it begins with `/`, for a URL of parse_http().
    [[nodiscard]] std::string_view raw_path_qs() const noexcept;
    /// The last segment of the path.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::string query_string() const;
    [[nodiscard]] std::string_view raw_query_string() const noexcept;
    /// The fields of the query, each decoded on its own.
    [[nodiscard]] MultiDict query() const;
    [[nodiscard]] std::string fragment() const;
    [[nodiscard]] std::string_view raw_fragment() const noexcept;

    /// Whether it has a host: `mailto:a@b` and `file:///x` have none.
    [[nodiscard]] bool is_absolute() const noexcept;

    // ---- others made from it

    /// Scheme, host and port alone: two URLs with equal ones are of one origin.
    /// Errors: InvalidURL   it has no host.
    [[nodiscard]] URL origin() const;
    /// Where a reference leads that stands at this URL.
    /// Errors: InvalidURL   as parse().
    [[nodiscard]] URL join(std::string_view reference) const;
    /// The path without its last segment; no query, no fragment.
    [[nodiscard]] URL parent() const;

    // Each of these throws InvalidURL where the URL cannot have such a part, or gets too long.

    /// Between http, https, ws, wss, ftp, or between schemes that are none of these nor file.
    [[nodiscard]] URL with_scheme(std::string_view scheme) const;
    /// Without a user there is no password either.
    [[nodiscard]] URL with_user(std::string_view user) const;
    [[nodiscard]] URL with_password(std::string_view password) const;
    /// A domain or an address; an IPv6 address may do without brackets.
    [[nodiscard]] URL with_host(std::string_view host) const;
    /// nullopt is the port of the scheme.
    [[nodiscard]] URL with_port(std::optional<int> port) const;
    /// No query, no fragment, as in yarl. `.` and `..` are resolved, `?` and `#` are bytes.
    [[nodiscard]] URL with_path(std::string_view path) const;
    [[nodiscard]] URL with_query(std::string_view query) const;
    [[nodiscard]] URL with_query(const MultiDict& query) const;
    [[nodiscard]] URL with_fragment(std::string_view fragment) const;

    /// Adds fields to the query.
    [[nodiscard]] URL extend_query(const MultiDict& fields) const;
    /// Replaces fields of the query (MultiDict::update).
    [[nodiscard]] URL update_query(const MultiDict& fields) const;
    [[nodiscard]] URL without_query_params(std::initializer_list<std::string_view> names) const;

    /// Appends a segment, or several. No query, no fragment.
    /// Errors: InvalidURL   it begins with a slash.
    [[nodiscard]] URL operator/(std::string_view segment) const;
    /// update_query().
    [[nodiscard]] URL operator%(const MultiDict& fields) const { return update_query(fields); }

    // ---- text

    /// The canonical text; URL() of it is equal. Holds the password.
    [[nodiscard]] const std::string& to_string() const noexcept { return text_; }
    /// For people, and for logs: the host and what is not ASCII decoded, `***` for a password.
    [[nodiscard]] std::string human_repr() const;

    /// By the text.
    friend bool operator==(const URL& a, const URL& b) noexcept { return a.text_ == b.text_; }
    friend std::strong_ordering operator<=>(const URL& a, const URL& b) noexcept {
        return a.text_ <=> b.text_;
    }

private:
    friend class internal::URLBuilder;

    // Where the parts lie in text_:
    //
    //     https://user:pass@host:8080/path?query#fragment
    //          |  |   |    ||   |    |    |     |
    //          |  |   |    ||   |    |    |     query_end
    //          |  |   |    ||   |    |    path_end
    //          |  |   |    ||   |    path_begin
    //          |  |   |    ||   host_end
    //          |  |   |    |host_begin
    //          |  |   |    password_end
    //          |  |   user_end
    //          |  user_begin
    //          scheme_end
    //
    // A part that is not there is empty, its sign as well. Without `//` all of the authority lies
    // at scheme_end + 1. A path that begins with `//` then has `/.` before path_begin.
    struct Marks {
        std::uint32_t scheme_end = 0;
        std::uint32_t user_begin = 0;
        std::uint32_t user_end = 0;
        std::uint32_t password_end = 0;
        std::uint32_t host_begin = 0;
        std::uint32_t host_end = 0;
        std::uint32_t path_begin = 0;
        std::uint32_t path_end = 0;
        std::uint32_t query_end = 0;
        std::optional<std::uint16_t> port;
        bool has_authority = false;
        bool has_opaque_path = false;
    };

    URL() = default;
    [[nodiscard]] std::string_view between(std::uint32_t begin, std::uint32_t end) const noexcept;

    std::string text_;
    Marks marks_;
};

}  // namespace weft::http

template <>
struct std::hash<weft::http::URL> {
    std::size_t operator()(const weft::http::URL& url) const noexcept {
        return std::hash<std::string>()(url.to_string());
    }
};

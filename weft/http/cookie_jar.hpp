// SPDX-License-Identifier: Apache-2.0
// weft/http/cookie_jar.hpp - CookieJar: the cookies that a client was given, and gives back.
//
// Cookies lie in one vector, in the order of their domains: a request looks up its host and the
// domains above it, a binary search each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>

namespace weft::http {

/// A cookie in a jar: its domain and path are where it belongs, and it ends at `expires`, or with
/// the session where there is none.
struct StoredCookie : Morsel {
    bool host_only = true;  ///< not for the hosts below `domain`

    // Implementation: counts of the jar's, larger where later.
    std::uint64_t created = 0;
    std::uint64_t used = 0;
};

struct CookieJarLimits {
    std::size_t domain_cookies_max = 50;  ///< of one domain
    std::size_t cookies_max = 3000;
    std::size_t request_bytes_max = 8190;  ///< names and values that go out with one request
    std::chrono::seconds age_max = std::chrono::days(400);
};

struct CookieJarOptions {
    /// Takes cookies from hosts that are addresses, too.
    bool unsafe = false;
    CookieJarLimits limits{};
    /// The time; the system's where this is empty.
    std::function<CookieTime()> clock{};
};

/// Keeps the cookies of responses, and finds those that belong to a request.
///
///     CookieJar jar;
///     jar.update_cookies_from_headers(response.headers, url);
///     request.headers.set("Cookie", cookie_header(jar.filter_cookies(url)));
///
/// A cookie goes to the host that has set it, or where it names a domain, to the hosts below that
/// one, too; to its path and those below; a `Secure` one over TLS only. What a response has no
/// right to set is refused: see CookieFault.
///
/// Errors: CookieError   a cookie is refused; the jar is as it was.
/// Limits: CookieJarLimits; `cookie_bytes_max`. Where there are too many, those that have expired
///         go first, then, of a domain with too many, those that are not `Secure`, then all; the
///         one that was not used for the longest time first of each.
/// Cost:   looking up is a binary search for each label of the host; a new cookie moves those
///         behind it, and a plain one over http compares with all.
/// Thread: one at a time.
/// Spec:   RFC 6265bis §5.7 and §5.8, with public suffixes, of a user agent that is no browser:
///         what `SameSite` says is kept, and makes no difference. aiohttp.CookieJar, which knows no
///         public suffixes, sends one cookie of each name, and takes cookies without a URL.
class CookieJar {
public:
    explicit CookieJar(CookieJarOptions options = {});

    /// Takes the cookies of a response's Set-Cookie headers.
    /// Returns: those that were refused.
    std::vector<CookieError> update_cookies_from_headers(const Headers& headers,
                                                         const URL& response_url);
    /// Takes cookies of the caller's, any text as value, for the host and all of its paths.
    /// Returns: those that were refused.
    /// Errors:  ValueError   a name that no cookie can have; those before it were taken.
    std::vector<CookieError> update_cookies(const MultiDict& cookies, const URL& response_url);
    /// Takes one cookie. One that has expired already takes the old one away.
    /// Errors: CookieError   it is refused.
    ///         ValueError    name, value or path hold what cannot be sent.
    [[nodiscard]] std::expected<void, CookieError> set_cookie(const Morsel& cookie,
                                                              const URL& response_url);

    /// The cookies that go with a request, for cookie_header(): those with longer paths first, then
    /// those that were there first. What passes `request_bytes_max` stays behind.
    /// Spec: RFC 6265bis §5.8.3.
    [[nodiscard]] MultiDict filter_cookies(const URL& request_url);

    void clear() noexcept { cookies_.clear(); }
    /// Takes away the cookies of which `predicate` says true.
    template <class Predicate>
    void clear(Predicate predicate) {
        std::erase_if(cookies_, [&](const StoredCookie& cookie) { return predicate(cookie); });
    }
    /// Takes away those of a domain and of the ones below it.
    void clear_domain(std::string_view domain);

    /// All cookies, those that have expired since the last change included.
    [[nodiscard]] std::size_t size() const noexcept { return cookies_.size(); }
    [[nodiscard]] bool empty() const noexcept { return cookies_.empty(); }
    [[nodiscard]] auto begin() const noexcept { return cookies_.cbegin(); }
    [[nodiscard]] auto end() const noexcept { return cookies_.cend(); }

    /// All cookies as the text of a file that curl and Python's MozillaCookieJar read. It holds
    /// secrets: such a file is for its owner alone. `SameSite` and `Partitioned` are lost.
    [[nodiscard]] std::string dumps() const;
    /// Takes the cookies of such a text, for as long as they last.
    /// Returns: those that were refused, as a response's would be.
    /// Errors:  ValueError   a line is none of such a text; the jar is as it was.
    std::vector<CookieError> loads(std::string_view text);

private:
    using Place = std::vector<StoredCookie>::iterator;

    [[nodiscard]] std::expected<void, CookieError> judge(const StoredCookie& cookie,
                                                         bool is_for_one_host) const;
    [[nodiscard]] bool would_hide_secure(const StoredCookie& cookie) const;
    void store(StoredCookie cookie, CookieTime now);
    [[nodiscard]] std::pair<Place, Place> of_domain(std::string_view domain);
    void drop_expired(CookieTime now);
    void evict(std::string_view domain);

    CookieJarOptions options_;
    std::vector<StoredCookie> cookies_;
    std::uint64_t count_ = 0;  // of cookies made and requests asked
};

}  // namespace weft::http

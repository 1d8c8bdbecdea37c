// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookie_jar.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/internal/cookie_scope.hpp>
#include <weft/http/internal/cookie_syntax.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>

namespace weft::http {
namespace {

CookieTime system_time() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::unexpected<CookieError> refused(CookieFault fault, const Morsel& cookie) {
    return std::unexpected(CookieError{.fault = fault, .name = cookie.key});
}

bool is_expired(const StoredCookie& cookie, CookieTime now) noexcept {
    return cookie.expires && *cookie.expires <= now;
}

// What a new cookie replaces: RFC 6265bis §5.7, step 24.
bool is_same_cookie(const StoredCookie& a, const StoredCookie& b) noexcept {
    return a.key == b.key && a.host_only == b.host_only && a.path == b.path;
}

// Decides where the cookie belongs: RFC 6265bis §5.7, steps 8 to 12.
std::expected<void, CookieError> place(StoredCookie& cookie, const URL& url) {
    const std::string_view host = url.raw_host();
    if (cookie.domain.empty()) {
        cookie.domain = host;
    } else {
        auto domain = internal::canonical_cookie_domain(cookie.domain);
        if (!domain) return refused(CookieFault::bad_domain, cookie);
        // A public suffix may have cookies of its own, and so may an address.
        cookie.host_only =
            *domain == host && (internal::has_ip_host(url) || internal::is_public_suffix(host));
        cookie.domain = std::move(*domain);
        if (!internal::domain_matches(host, cookie.domain) ||
            (internal::has_ip_host(url) && cookie.domain != host)) {
            return refused(CookieFault::foreign_domain, cookie);
        }
    }
    if (!cookie.path.starts_with('/')) {
        cookie.path = internal::default_cookie_path(url.raw_path());
    }
    return {};
}

void limit_age(Morsel& cookie, CookieTime now, std::chrono::seconds age_max) {
    if (cookie.max_age) cookie.expires = now + std::clamp(*cookie.max_age, -age_max, age_max);
    if (cookie.expires) cookie.expires = std::min(*cookie.expires, now + age_max);
    cookie.max_age.reset();
}

}  // namespace

CookieJar::CookieJar(CookieJarOptions options) : options_(std::move(options)) {
    if (!options_.clock) options_.clock = system_time;
}

std::vector<CookieError> CookieJar::update_cookies_from_headers(const Headers& headers,
                                                                const URL& response_url) {
    std::vector<CookieError> errors;
    for (const std::string_view text : headers.getall("Set-Cookie")) {
        const auto cookie = parse_set_cookie(text);
        const auto taken =
            cookie ? set_cookie(*cookie, response_url) : std::unexpected(cookie.error());
        if (!taken) errors.push_back(taken.error());
    }
    return errors;
}

std::vector<CookieError> CookieJar::update_cookies(const MultiDict& cookies,
                                                   const URL& response_url) {
    std::vector<CookieError> errors;
    for (const auto& [name, value] : cookies) {
        Morsel cookie;
        cookie.key = name;
        cookie.value = quote_cookie_value(value);
        cookie.path = "/";
        const auto taken = set_cookie(cookie, response_url);
        if (!taken) errors.push_back(taken.error());
    }
    return errors;
}

std::expected<void, CookieError> CookieJar::set_cookie(const Morsel& cookie,
                                                       const URL& response_url) {
    internal::judge_cookie_pair(cookie.key, cookie.value);
    internal::judge_cookie_attribute(cookie.key, "path", cookie.path);
    if (!internal::has_cookies(response_url)) return refused(CookieFault::not_http, cookie);
    if (!options_.unsafe && internal::has_ip_host(response_url)) {
        return refused(CookieFault::ip_host, cookie);
    }
    const bool is_secure = internal::is_secure(response_url);
    if (cookie.secure && !is_secure) return refused(CookieFault::insecure_origin, cookie);

    StoredCookie stored{cookie};
    if (const auto placed = place(stored, response_url); !placed) return placed;
    // Only a path that is said counts for `__Host-`, not one that the URL happens to give.
    const bool is_for_one_host = cookie.domain.empty() && cookie.path == "/";
    if (const auto judged = judge(stored, is_for_one_host); !judged) return judged;
    if (!is_secure && would_hide_secure(stored)) {
        return refused(CookieFault::overwrites_secure, cookie);
    }
    store(std::move(stored), options_.clock());
    return {};
}

// What holds of every cookie, however it came.
std::expected<void, CookieError> CookieJar::judge(const StoredCookie& cookie,
                                                  bool is_for_one_host) const {
    if (!cookie.host_only && internal::is_public_suffix(cookie.domain)) {
        return refused(CookieFault::public_suffix, cookie);
    }
    if (!internal::keeps_prefix_promise(cookie.key, cookie.secure, is_for_one_host)) {
        return refused(CookieFault::broken_prefix, cookie);
    }
    return {};
}

// RFC 6265bis §5.7, step 17: "leave secure cookies alone".
bool CookieJar::would_hide_secure(const StoredCookie& cookie) const {
    return std::ranges::any_of(cookies_, [&](const StoredCookie& old) {
        return old.secure && old.key == cookie.key &&
               (internal::domain_matches(cookie.domain, old.domain) ||
                internal::domain_matches(old.domain, cookie.domain)) &&
               internal::path_matches(cookie.path, old.path);
    });
}

void CookieJar::store(StoredCookie cookie, CookieTime now) {
    limit_age(cookie, now, options_.limits.age_max);
    cookie.created = cookie.used = ++count_;
    const std::string domain = cookie.domain;
    const auto [first, last] = of_domain(domain);
    const auto old =
        std::find_if(first, last, [&](const auto& other) { return is_same_cookie(other, cookie); });
    if (old == last) {
        cookies_.insert(last, std::move(cookie));
    } else {
        cookie.created = old->created;
        *old = std::move(cookie);
    }
    drop_expired(now);
    evict(domain);
}

std::pair<CookieJar::Place, CookieJar::Place> CookieJar::of_domain(std::string_view domain) {
    const auto found = std::ranges::equal_range(
        cookies_, domain, std::less<>(),
        [](const StoredCookie& cookie) { return std::string_view(cookie.domain); });
    return {found.begin(), found.end()};
}

void CookieJar::drop_expired(CookieTime now) {
    clear([&](const StoredCookie& cookie) { return is_expired(cookie, now); });
}

// RFC 6265bis §5.7, at its end. There is one cookie too many at most: the one that was just stored.
void CookieJar::evict(std::string_view domain) {
    const auto [first, last] = of_domain(domain);
    if (static_cast<std::size_t>(last - first) > options_.limits.domain_cookies_max) {
        cookies_.erase(std::min_element(first, last, [](const auto& a, const auto& b) {
            return std::tie(a.secure, a.used) < std::tie(b.secure, b.used);
        }));
    }
    if (cookies_.size() > options_.limits.cookies_max) {
        cookies_.erase(std::ranges::min_element(cookies_, {}, &StoredCookie::used));
    }
}

MultiDict CookieJar::filter_cookies(const URL& request_url) {
    MultiDict cookies;
    if (!internal::has_cookies(request_url)) return cookies;
    const bool is_ip = internal::has_ip_host(request_url);
    const bool is_secure = internal::is_secure(request_url);
    const std::string_view host = request_url.raw_host();
    const CookieTime now = options_.clock();
    if (is_ip && !options_.unsafe) return cookies;

    std::vector<Place> found;
    for (std::string_view domain = host;;) {
        auto [at, last] = of_domain(domain);
        for (; at != last; ++at) {
            const bool is_for_host = !at->host_only || domain.size() == host.size();
            if (is_for_host && (!at->secure || is_secure) && !is_expired(*at, now) &&
                internal::path_matches(request_url.raw_path(), at->path)) {
                found.push_back(at);
            }
        }
        const std::size_t dot = domain.find('.');
        if (dot == std::string_view::npos || is_ip) break;
        domain.remove_prefix(dot + 1);
    }
    std::ranges::sort(found, [](Place a, Place b) {
        return std::pair(b->path.size(), a->created) < std::pair(a->path.size(), b->created);
    });
    ++count_;
    std::size_t bytes = 0;
    for (const Place at : found) {
        bytes += at->key.size() + at->value.size();
        if (bytes > options_.limits.request_bytes_max) break;
        at->used = count_;
        cookies.add(at->key, at->value);
    }
    return cookies;
}

void CookieJar::clear_domain(std::string_view domain) {
    const auto canonical = internal::canonical_cookie_domain(domain);
    if (!canonical) return;
    clear([&](const StoredCookie& cookie) {
        return internal::domain_matches(cookie.domain, *canonical);
    });
}

}  // namespace weft::http

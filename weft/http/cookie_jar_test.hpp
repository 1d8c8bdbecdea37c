// SPDX-License-Identifier: Apache-2.0
// weft/http/cookie_jar_test.hpp - a jar whose clock stands still until it is moved.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>

namespace weft::http {

class JarOnTest {
public:
    explicit JarOnTest(CookieJarOptions options = {}) : jar_(with_clock(std::move(options))) {}

    /// A response from `url` sets it. Returns: why not; nullopt where it did.
    std::optional<CookieFault> set(std::string_view url, std::string_view set_cookie) {
        const auto errors =
            jar_.update_cookies_from_headers(Headers{{"Set-Cookie", set_cookie}}, URL(url));
        if (errors.empty()) return std::nullopt;
        return errors.front().fault;
    }
    /// The header that goes to `url`.
    std::string sent(std::string_view url) { return cookie_header(jar_.filter_cookies(URL(url))); }
    void pass(std::chrono::seconds time) { *now_ += time; }
    [[nodiscard]] CookieTime now() const { return *now_; }
    CookieJar& operator*() { return jar_; }
    CookieJar* operator->() { return &jar_; }

private:
    CookieJarOptions with_clock(CookieJarOptions options) {
        options.clock = [now = now_] { return *now; };
        return options;
    }

    std::shared_ptr<CookieTime> now_ =
        std::make_shared<CookieTime>(std::chrono::sys_days(std::chrono::year(2030) / 1 / 1));
    CookieJar jar_;
};

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// weft/http/basic_auth.hpp - BasicAuth: a name and a password, as a header carries them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <weft/http/url.hpp>

namespace weft::http {

/// Spec: RFC 7617, in UTF-8; aiohttp.BasicAuth, whose encoding is latin1 by default.
struct BasicAuth {
    std::string login;
    std::string password{};

    /// The value of an Authorization header: "Basic YTpi".
    /// Errors: ValueError   the login has a colon, or either a control byte; neither is told.
    [[nodiscard]] std::string encode() const;
    /// What such a value says; nullopt of anything else.
    [[nodiscard]] static std::optional<BasicAuth> decode(std::string_view value);
    /// What a URL says before its host; nullopt where it says nothing.
    [[nodiscard]] static std::optional<BasicAuth> from_url(const URL& url);

    friend bool operator==(const BasicAuth&, const BasicAuth&) = default;
};

}  // namespace weft::http

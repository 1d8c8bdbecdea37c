// SPDX-License-Identifier: Apache-2.0
#include <weft/http/basic_auth.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>

namespace weft::http {
namespace {

constexpr std::string_view scheme = "Basic ";

bool is_plain(std::string_view text) {
    for (const char byte : text) {
        if (static_cast<unsigned char>(byte) < ' ' || byte == '\x7f') return false;
    }
    return true;
}

}  // namespace

std::string BasicAuth::encode() const {
    if (login.contains(':')) throw ValueError("the login of a BasicAuth must not have a colon");
    if (!is_plain(login) || !is_plain(password)) {
        throw ValueError("neither login nor password of a BasicAuth may have a control byte");
    }
    return std::string(scheme) + b64encode(login + ":" + password);
}

std::optional<BasicAuth> BasicAuth::decode(std::string_view value) {
    if (!equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return std::nullopt;
    const auto text = b64decode(trimmed(value.substr(scheme.size())));
    const std::size_t colon = text ? text->find(':') : Bytes::npos;
    if (colon == Bytes::npos) return std::nullopt;
    return BasicAuth{.login = text->substr(0, colon), .password = text->substr(colon + 1)};
}

std::optional<BasicAuth> BasicAuth::from_url(const URL& url) {
    if (url.raw_user().empty() && url.raw_password().empty()) return std::nullopt;
    return BasicAuth{.login = url.user(), .password = url.password()};
}

}  // namespace weft::http

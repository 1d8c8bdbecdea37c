// SPDX-License-Identifier: Apache-2.0
#include <weft/http/method.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// In the order of Method::Known.
constexpr std::array<std::string_view, 9> names = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
};

}  // namespace

Method Method::from_token(std::string_view token) {
    for (std::size_t at = 0; at < names.size(); ++at) {
        if (token == names[at]) return static_cast<Known>(at);
    }
    Method method;
    method.known_ = other;
    method.other_ = token;
    return method;
}

Method::Method(Known known) noexcept : known_(known) {
    check(known != other, "Method::other has no name: give the name");
}

Method::Method(std::string_view name) : known_(other) {
    if (!is_token(name)) throw ValueError(in_quotes(name) + " is not a method: it must be a token");
    *this = from_token(name);
}

std::string_view Method::name() const noexcept {
    if (known_ == other) return other_;
    return names[static_cast<std::size_t>(known_)];
}

bool Method::is_safe() const noexcept {
    return known_ == get || known_ == head || known_ == options || known_ == trace;
}

bool Method::is_idempotent() const noexcept {
    return is_safe() || known_ == put || known_ == delete_;
}

}  // namespace weft::http

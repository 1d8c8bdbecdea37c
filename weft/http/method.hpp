// SPDX-License-Identifier: Apache-2.0
// weft/http/method.hpp - Method: what a request asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// The method of a request: one of those that HTTP defines, or any other token.
///
///     const Method purge("PURGE");
///     if (purge != Method::get) …
///
/// Case matters: "get" is another method than "GET".
///
/// Cost: the defined ones are a number; another one is a string.
/// Spec: RFC 9110 §9, RFC 5789 (PATCH).
class Method {
public:
    enum class Known : std::uint8_t {
        get,
        head,
        post,
        put,
        delete_,
        connect,
        options,
        trace,
        patch,
        other,
    };
    using enum Known;

    /// Not explicit: `Method::get` is a method.
    Method(Known known) noexcept;
    Method() noexcept : known_(get) {}
    /// Errors: ValueError   `name` is no token.
    explicit Method(std::string_view name);

    /// `Method::other` for what HTTP does not define.
    [[nodiscard]] Known known() const noexcept { return known_; }
    /// As it stands in a request: "GET".
    [[nodiscard]] std::string_view name() const noexcept;

    /// Whether it changes nothing at the server. False of what HTTP does not define.
    /// Spec: RFC 9110 §9.2.1.
    [[nodiscard]] bool is_safe() const noexcept;
    /// Whether twice is as good as once, so that a request may be repeated.
    /// Spec: RFC 9110 §9.2.2.
    [[nodiscard]] bool is_idempotent() const noexcept;

    friend bool operator==(const Method& a, const Method& b) noexcept = default;
    friend bool operator==(const Method& a, Known b) noexcept { return a.known_ == b; }

    // Implementation: what a parser has found to be a token.
    [[nodiscard]] static Method from_token(std::string_view token);

private:
    Known known_;
    std::string other_;  // the name where it is none of the known ones
};

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// weft/http/auth_challenge.hpp - AuthChallenge: how a server wants to be told who asks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

class Headers;

/// One challenge of a WWW-Authenticate or Proxy-Authenticate header.
struct AuthChallenge {
    std::string scheme;   ///< in lower case: "basic", "digest", "bearer"
    std::string token{};  ///< what some schemes have in the place of parameters (token68)
    /// Names in lower case; a value without its quotes.
    std::vector<std::pair<std::string, std::string>> parameters{};

    /// The first of that name.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;

    friend bool operator==(const AuthChallenge&, const AuthChallenge&) = default;
};

/// All challenges of the headers of that name, in their order.
///
/// A header may hold several, as may a response. What cannot be read ends its header: what came
/// before it counts.
///
/// Limits: `challenges_max` in all, and 32 parameters each; what follows is left out.
/// Spec:   RFC 9110 §11.6.1.
[[nodiscard]] std::vector<AuthChallenge> auth_challenges(const Headers& headers,
                                                         std::string_view name = "WWW-Authenticate",
                                                         std::size_t challenges_max = 16);

}  // namespace weft::http

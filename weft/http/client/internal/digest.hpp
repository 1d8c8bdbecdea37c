// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/digest.hpp - what a digest challenge asks for, and the answer to it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <weft/http/auth_challenge.hpp>

namespace weft::http::internal {

/// In the order of their strength.
enum class DigestHash : std::uint8_t { md5, sha256, sha512_256 };

struct DigestChallenge {
    std::string realm;
    std::string nonce;
    std::optional<std::string> opaque;
    DigestHash hash = DigestHash::md5;
    std::optional<std::string> algorithm;  ///< as the server spells it
    bool is_session = false;               ///< "-sess"
    bool has_qop = false;                  ///< "auth" is offered; else it is as in RFC 2069
    bool hides_user = false;               ///< userhash=true
    bool is_stale = false;                 ///< only the nonce was wrong

    /// The strongest of those that can be answered.
    [[nodiscard]] static std::optional<DigestChallenge> best_of(
        std::span<const AuthChallenge> challenges);
};

/// What is asked, by whom.
struct DigestQuestion {
    std::string_view login;
    std::string_view password;
    std::string_view method;
    std::string_view target;
    std::uint32_t count;  ///< how often the nonce was used, this time included
    std::string_view client_nonce;
};

/// The value of an Authorization header.
/// Errors: RuntimeError   the TLS library has the hash function switched off.
/// Spec:   RFC 7616 §3.4.
[[nodiscard]] std::string digest_answer(const DigestChallenge& challenge,
                                        const DigestQuestion& question);

}  // namespace weft::http::internal

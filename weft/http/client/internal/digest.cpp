// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/digest.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/evp.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/auth_challenge.hpp>
#include <weft/http/client/internal/hexadecimal.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::internal {
namespace {

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), to_lower);
    return out;
}

struct Algorithm {
    DigestHash hash;
    bool is_session;
};
std::optional<Algorithm> algorithm_called(std::string_view name) {
    std::string text = lowered(name);
    constexpr std::string_view session = "-sess";
    const bool is_session = text.ends_with(session);
    if (is_session) text.resize(text.size() - session.size());
    if (text == "md5") return Algorithm{DigestHash::md5, is_session};
    if (text == "sha-256") return Algorithm{DigestHash::sha256, is_session};
    if (text == "sha-512-256") return Algorithm{DigestHash::sha512_256, is_session};
    return std::nullopt;
}

bool is_in_list(std::string_view list, std::string_view wanted) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        std::string_view one = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
        one = one.substr(0, one.find_last_not_of(" \t") + 1);
        if (lowered(one) == wanted) return true;
    }
    return false;
}

std::optional<DigestChallenge> read_challenge(const AuthChallenge& said) {
    const auto realm = said.get("realm");
    const auto nonce = said.get("nonce");
    const auto name = said.get("algorithm");
    const auto algorithm = algorithm_called(name.value_or("MD5"));
    const auto qop = said.get("qop");
    if (said.scheme != "digest" || !realm || !nonce || !algorithm) return std::nullopt;
    if (qop && !is_in_list(*qop, "auth")) return std::nullopt;
    DigestChallenge challenge{.realm = std::string(*realm),
                              .nonce = std::string(*nonce),
                              .opaque = {},
                              .hash = algorithm->hash,
                              .algorithm = {},
                              .is_session = algorithm->is_session,
                              .has_qop = qop.has_value(),
                              .hides_user = lowered(said.get("userhash").value_or("")) == "true",
                              .is_stale = lowered(said.get("stale").value_or("")) == "true"};
    if (name) challenge.algorithm = *name;
    if (const auto opaque = said.get("opaque")) challenge.opaque = *opaque;
    return challenge;
}

const EVP_MD* function_of(DigestHash hash) {
    switch (hash) {
        case DigestHash::md5:
            return EVP_md5();
        case DigestHash::sha256:
            return EVP_sha256();
        case DigestHash::sha512_256:
            return EVP_sha512_256();
    }
    std::unreachable();
}

// In hexadecimal digits, of all parts with colons between them.
template <class... Parts>
std::string hashed(DigestHash hash, const Parts&... parts) {
    std::string text;
    ((text += parts, text += ':'), ...);
    text.pop_back();
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, function_of(hash), nullptr) !=
        1) {
        throw RuntimeError("the hash function of a digest challenge is switched off in OpenSSL");
    }
    return in_hexadecimal(std::span(bytes).first(size));
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace

std::optional<DigestChallenge> DigestChallenge::best_of(std::span<const AuthChallenge> challenges) {
    std::optional<DigestChallenge> best;
    for (const AuthChallenge& one : challenges) {
        auto challenge = read_challenge(one);
        if (challenge && (!best || best->hash < challenge->hash)) best = std::move(challenge);
    }
    return best;
}

std::string digest_answer(const DigestChallenge& challenge, const DigestQuestion& question) {
    const DigestHash hash = challenge.hash;
    const std::string count =
        in_hexadecimal(std::array{static_cast<unsigned char>(question.count >> 24U),
                                  static_cast<unsigned char>(question.count >> 16U),
                                  static_cast<unsigned char>(question.count >> 8U),
                                  static_cast<unsigned char>(question.count)});
    std::string secret = hashed(hash, question.login, challenge.realm, question.password);
    if (challenge.is_session) {
        secret = hashed(hash, secret, challenge.nonce, question.client_nonce);
    }
    const std::string asked = hashed(hash, question.method, question.target);
    const std::string response =
        challenge.has_qop ? hashed(hash, secret, challenge.nonce, count, question.client_nonce,
                                   std::string_view("auth"), asked)
                          : hashed(hash, secret, challenge.nonce, asked);

    std::string text = "Digest username=";
    text += quoted(challenge.hides_user ? hashed(hash, question.login, challenge.realm)
                                        : std::string(question.login));
    text += ", realm=" + quoted(challenge.realm) + ", nonce=" + quoted(challenge.nonce) +
            ", uri=" + quoted(question.target) + ", response=\"" + response + '"';
    if (challenge.algorithm) text += ", algorithm=" + *challenge.algorithm;
    if (challenge.opaque) text += ", opaque=" + quoted(*challenge.opaque);
    if (challenge.has_qop) text += ", qop=auth, nc=" + count;
    if (challenge.has_qop || challenge.is_session) {
        text += ", cnonce=" + quoted(question.client_nonce);
    }
    if (challenge.hides_user) text += ", userhash=true";
    return text;
}

}  // namespace weft::http::internal

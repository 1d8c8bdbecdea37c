// SPDX-License-Identifier: Apache-2.0
#include <weft/http/auth_challenge.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/http/headers.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

constexpr std::size_t parameters_max = 32;

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), to_lower);
    return out;
}

// Reads one header. A list has commas between its challenges and between the parameters of one: a
// token that no `=` follows begins the next challenge.
class ChallengeReader {
public:
    explicit ChallengeReader(std::string_view text) noexcept : left_(text) {}

    /// Returns: nothing at the end, or where it cannot be read on.
    std::optional<AuthChallenge> next();

private:
    using Parameter = std::pair<std::string, std::string>;

    void skip_spaces() noexcept { skip(" \t"); }
    void skip_separators() noexcept { skip(" \t,"); }
    void skip(std::string_view bytes) noexcept {
        left_.remove_prefix(std::min(left_.find_first_not_of(bytes), left_.size()));
    }
    bool take(char byte) noexcept {
        if (!left_.starts_with(byte)) return false;
        left_.remove_prefix(1);
        return true;
    }
    std::string_view take_token() noexcept {
        const std::string_view token = left_.substr(0, token_prefix(left_));
        left_.remove_prefix(token.size());
        return token;
    }
    std::string_view take_token68() noexcept;
    std::optional<std::string> take_value();
    std::optional<Parameter> take_parameter();

    std::string_view left_;
};

// What ends with its header or a comma, and is no parameter.
std::string_view ChallengeReader::take_token68() noexcept {
    const std::size_t size = std::min(left_.find_first_of(" \t,\""), left_.size());
    const std::string_view text = left_.substr(0, size);
    const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
    const std::string_view letters = text.substr(0, text.size() - padding);
    const bool is_one = !letters.empty() && std::ranges::all_of(letters, [](char c) {
        return is_letter(c) || is_digit(c) || std::string_view("-._~+/").contains(c);
    });
    std::string_view behind = left_.substr(size);
    behind.remove_prefix(std::min(behind.find_first_not_of(" \t"), behind.size()));
    // `a=` with a value behind is a parameter, and so is `a =`.
    if (!is_one || (!behind.empty() && !behind.starts_with(','))) return {};
    left_.remove_prefix(size);
    return text;
}

std::optional<std::string> ChallengeReader::take_value() {
    if (!take('"')) {
        const std::string_view token = take_token();
        if (token.empty()) return std::nullopt;
        return std::string(token);
    }
    std::string value;
    while (!left_.empty()) {
        if (take('"')) return value;
        if (take('\\') && left_.empty()) break;
        value += left_.front();
        left_.remove_prefix(1);
    }
    return std::nullopt;
}

std::optional<ChallengeReader::Parameter> ChallengeReader::take_parameter() {
    const std::string_view before = left_;
    const std::string_view name = take_token();
    skip_spaces();
    if (!name.empty() && take('=')) {
        skip_spaces();
        if (auto value = take_value()) return Parameter(lowered(name), *std::move(value));
    }
    left_ = before;
    return std::nullopt;
}

std::optional<AuthChallenge> ChallengeReader::next() {
    skip_separators();
    const std::string_view scheme = take_token();
    if (scheme.empty()) return std::nullopt;
    AuthChallenge challenge{.scheme = lowered(scheme)};
    // What is glued to the scheme is none of a challenge's.
    if (!left_.empty() && !std::string_view(" \t,").contains(left_.front())) return std::nullopt;
    skip_spaces();
    challenge.token = take_token68();
    if (!challenge.token.empty()) return challenge;
    while (auto parameter = take_parameter()) {
        if (challenge.parameters.size() < parameters_max) {
            challenge.parameters.push_back(*std::move(parameter));
        }
        skip_spaces();
        if (!left_.starts_with(',')) break;
        skip_separators();
    }
    return challenge;
}

}  // namespace

std::optional<std::string_view> AuthChallenge::get(std::string_view name) const noexcept {
    const auto found = std::ranges::find(
        parameters, name, [](const auto& one) { return std::string_view(one.first); });
    if (found == parameters.end()) return std::nullopt;
    return found->second;
}

std::vector<AuthChallenge> auth_challenges(const Headers& headers, std::string_view name,
                                           std::size_t challenges_max) {
    std::vector<AuthChallenge> all;
    for (const std::string_view value : headers.getall(name)) {
        ChallengeReader reader(value);
        while (auto challenge = reader.next()) {
            if (all.size() == challenges_max) return all;
            all.push_back(*std::move(challenge));
        }
    }
    return all;
}

}  // namespace weft::http

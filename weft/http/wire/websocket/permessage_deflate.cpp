// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/permessage_deflate.hpp>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::wire {
namespace {

constexpr std::string_view extension_name = "permessage-deflate";
constexpr int window_bits_least = 8;
// zlib takes 8 for 9 when it compresses.
constexpr int own_window_bits_least = 9;

// Parameters as they were said; a window without a number is one that the other side may choose.
struct Parameters {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    std::optional<int> server_max_window_bits;
    std::optional<int> client_max_window_bits;
    bool has_client_window = false;
};

// What is before the next separator outside of quotes, which goes as well; without white space.
std::string_view take(std::string_view& text, char separator) noexcept {
    bool is_quoted = false;
    std::size_t end = 0;
    for (; end < text.size() && (is_quoted || text[end] != separator); ++end) {
        if (text[end] == '"') is_quoted = !is_quoted;
    }
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trimmed(part);
}

std::optional<int> read_window(std::string_view text) noexcept {
    if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
        text = text.substr(1, text.size() - 2);
    }
    if (text.empty() || text.size() > 2 || !std::ranges::all_of(text, is_digit))
        return std::nullopt;
    if (text.starts_with('0')) return std::nullopt;
    int bits = 0;
    for (const char c : text) bits = bits * 10 + (c - '0');
    if (bits < window_bits_least || bits > DeflateParams::window_bits_max) return std::nullopt;
    return bits;
}

// Reads one parameter. Returns: false where there is none such, it comes again, or has no value
// that it could have.
bool read_parameter(std::string_view text, Parameters& parameters) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view name = trimmed(text.substr(0, equals));
    const bool has_value = equals < text.size();
    const std::string_view value =
        has_value ? trimmed(text.substr(equals + 1)) : std::string_view();

    const auto set_flag = [&](bool& flag) { return !has_value && !flag && (flag = true); };
    if (name == "server_no_context_takeover")
        return set_flag(parameters.server_no_context_takeover);
    if (name == "client_no_context_takeover")
        return set_flag(parameters.client_no_context_takeover);
    if (name == "server_max_window_bits") {
        if (parameters.server_max_window_bits) return false;
        parameters.server_max_window_bits = read_window(value);
        return parameters.server_max_window_bits.has_value();
    }
    if (name != "client_max_window_bits" || parameters.has_client_window) return false;
    parameters.has_client_window = true;
    parameters.client_max_window_bits = read_window(value);
    return !has_value || parameters.client_max_window_bits.has_value();
}

std::optional<Parameters> read_parameters(std::string_view text) {
    Parameters parameters;
    while (!text.empty()) {
        if (!read_parameter(take(text, ';'), parameters)) return std::nullopt;
    }
    return parameters;
}

void judge(const DeflateParams& wanted) {
    for (const int bits : {wanted.server_max_window_bits, wanted.client_max_window_bits}) {
        if (bits < own_window_bits_least || bits > DeflateParams::window_bits_max) {
            throw ValueError("a window of " + std::to_string(bits) +
                             " bits is not one of 9 to 15 that zlib can compress with");
        }
    }
}

void append_window(std::string& out, std::string_view name, int bits) {
    out.append("; ").append(name).append("=").append(std::to_string(bits));
}

std::string text_of(const DeflateParams& params, bool has_server_window, bool has_client_window) {
    std::string out(extension_name);
    if (params.server_no_context_takeover) out += "; server_no_context_takeover";
    if (params.client_no_context_takeover) out += "; client_no_context_takeover";
    if (has_server_window) {
        append_window(out, "server_max_window_bits", params.server_max_window_bits);
    }
    if (has_client_window) {
        append_window(out, "client_max_window_bits", params.client_max_window_bits);
    }
    return out;
}

constexpr bool is_smaller(int bits) noexcept { return bits < DeflateParams::window_bits_max; }

std::optional<DeflateAgreement> accept(const Parameters& offer, const DeflateParams& wanted) {
    DeflateParams accepted;
    accepted.server_no_context_takeover =
        offer.server_no_context_takeover || wanted.server_no_context_takeover;
    accepted.client_no_context_takeover =
        offer.client_no_context_takeover || wanted.client_no_context_takeover;
    accepted.server_max_window_bits =
        std::min(offer.server_max_window_bits.value_or(DeflateParams::window_bits_max),
                 wanted.server_max_window_bits);
    if (accepted.server_max_window_bits < own_window_bits_least) return std::nullopt;
    // The client can be told only what it has said it would hear.
    if (offer.has_client_window) {
        accepted.client_max_window_bits =
            std::min(offer.client_max_window_bits.value_or(DeflateParams::window_bits_max),
                     wanted.client_max_window_bits);
    }
    // A window that was asked for is accepted by saying it, even where it is the usual one.
    const bool has_server_window =
        offer.server_max_window_bits || is_smaller(accepted.server_max_window_bits);
    return DeflateAgreement{.params = accepted,
                            .response = text_of(accepted, has_server_window,
                                                is_smaller(accepted.client_max_window_bits))};
}

}  // namespace

std::string deflate_offer(const DeflateParams& wanted) {
    judge(wanted);
    std::string out = text_of(wanted, is_smaller(wanted.server_max_window_bits),
                              is_smaller(wanted.client_max_window_bits));
    // That the server may choose a smaller one has to be said, too.
    if (!is_smaller(wanted.client_max_window_bits)) out += "; client_max_window_bits";
    return out;
}

std::optional<DeflateAgreement> accept_deflate(std::string_view offers,
                                               const DeflateParams& wanted) {
    judge(wanted);
    while (!offers.empty()) {
        std::string_view offer = take(offers, ',');
        if (!equal_ignoring_case(take(offer, ';'), extension_name)) continue;
        const auto parameters = read_parameters(offer);
        if (!parameters) continue;
        if (auto agreement = accept(*parameters, wanted)) return agreement;
    }
    return std::nullopt;
}

std::expected<std::optional<DeflateParams>, std::string> read_deflate_response(
    std::string_view response, const DeflateParams& offered) {
    if (trimmed(response).empty()) return std::nullopt;
    std::string_view rest = response;
    std::string_view extension = take(rest, ',');
    const std::string_view name = take(extension, ';');
    const auto parameters = read_parameters(extension);
    if (!rest.empty() || !equal_ignoring_case(name, extension_name) || !parameters ||
        (parameters->has_client_window && !parameters->client_max_window_bits)) {
        return std::unexpected("the server has accepted the extensions " + in_quotes(response) +
                               ", where permessage-deflate was offered");
    }
    DeflateParams accepted{
        .server_no_context_takeover = parameters->server_no_context_takeover,
        .client_no_context_takeover =
            parameters->client_no_context_takeover || offered.client_no_context_takeover,
        .server_max_window_bits =
            parameters->server_max_window_bits.value_or(DeflateParams::window_bits_max),
        .client_max_window_bits =
            std::min(parameters->client_max_window_bits.value_or(DeflateParams::window_bits_max),
                     offered.client_max_window_bits)};
    if (accepted.server_max_window_bits > offered.server_max_window_bits ||
        (offered.server_no_context_takeover && !accepted.server_no_context_takeover)) {
        return std::unexpected("the server has accepted " + in_quotes(response) +
                               ", which is more than it was offered");
    }
    return accepted;
}

}  // namespace weft::http::wire

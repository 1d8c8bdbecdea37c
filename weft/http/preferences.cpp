// SPDX-License-Identifier: Apache-2.0
#include <weft/http/preferences.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/parameters.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

constexpr std::size_t preferences_max = 64;
constexpr std::size_t parameters_max = 8;

// Takes what is before the first comma that is in no quotes.
std::string_view take_element(std::string_view& list) noexcept {
    bool is_quoted = false;
    std::size_t at = 0;
    for (; at < list.size() && (is_quoted || list[at] != ','); ++at) {
        if (list[at] == '"') is_quoted = !is_quoted;
        if (list[at] == '\\' && is_quoted) ++at;
    }
    at = std::min(at, list.size());
    const std::string_view element = trimmed(list.substr(0, at));
    list.remove_prefix(std::min(at + 1, list.size()));
    return element;
}

// RFC 9110 §12.4.2: 0 to 1, with three figures behind the point at most.
std::optional<int> read_quality(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int quality = text[0] - '0';
    for (std::size_t at = 2; at < 5; ++at) {
        const char c = at < text.size() ? text[at] : '0';
        if (!is_digit(c)) return std::nullopt;
        quality = quality * 10 + (c - '0');
    }
    return quality <= 1000 ? std::optional(quality) : std::nullopt;
}

// A token, or two of them with a slash in between.
bool is_value(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return is_token(text);
    return is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

std::optional<Preference> read_preference(std::string_view element) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view value = trimmed(element.substr(0, end));
    if (!is_value(value)) return std::nullopt;
    Preference found{.value = internal::lower_case(value), .parameters = {}};
    if (!internal::read_parameters(found.parameters, element.substr(end), parameters_max)) {
        return std::nullopt;
    }
    if (const auto text = found.parameters.get("q")) {
        const auto quality = read_quality(*text);
        if (!quality) return std::nullopt;
        found.quality = *quality;
        found.parameters.erase("q");
    }
    return found;
}

// How exactly a preference is about an offer: more than 0 where it is at all.
std::size_t specificity(const Preference& preference, const MediaType& offer) {
    const bool has_all = std::ranges::all_of(preference.parameters, [&](const auto& parameter) {
        const auto value = offer.parameters.get(parameter.first);
        return value && equal_ignoring_case(*value, parameter.second);
    });
    if (!has_all) return 0;
    if (preference.value == offer.essence()) return 3 + preference.parameters.size();
    if (preference.value == offer.type + "/*") return 2;
    return preference.value == "*/*" ? 1 : 0;
}

int quality_of(std::span<const Preference> preferences, const MediaType& offer) {
    int quality = 0;
    std::size_t best = 0;
    for (const Preference& preference : preferences) {
        const std::size_t exactness = specificity(preference, offer);
        if (exactness <= best) continue;
        best = exactness;
        quality = preference.quality;
    }
    return quality;
}

}  // namespace

std::vector<Preference> preferences(const Headers& headers, std::string_view name) {
    std::vector<Preference> found;
    for (std::string_view list : headers.getall(name)) {
        while (!list.empty() && found.size() < preferences_max) {
            auto preference = read_preference(take_element(list));
            if (preference) found.push_back(std::move(*preference));
        }
    }
    return found;
}

std::optional<std::size_t> choose_media_type(const Headers& headers,
                                             std::span<const std::string_view> offers) {
    const std::vector<Preference> wanted = preferences(headers, "Accept");
    int best = 0;
    std::optional<std::size_t> choice;
    for (std::size_t index = 0; index < offers.size(); ++index) {
        const auto offer = MediaType::parse(offers[index]);
        if (!offer) throw ValueError(describe(offer.error()));
        const int quality = wanted.empty() ? 1 : quality_of(wanted, *offer);
        if (quality <= best) continue;
        best = quality;
        choice = index;
    }
    return choice;
}

}  // namespace weft::http

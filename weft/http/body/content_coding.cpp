// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/content_coding.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/http/body/coding_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/preferences.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

using enum ContentCoding;

constexpr std::array<std::pair<std::string_view, ContentCoding>, 6> names{{{"identity", identity},
                                                                           {"gzip", gzip},
                                                                           {"deflate", deflate},
                                                                           {"br", br},
                                                                           {"zstd", zstd},
                                                                           {"x-gzip", gzip}}};

// The text up to the next comma, which both leave `list`.
std::string_view take_element(std::string_view& list) noexcept {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    return element;
}

// What a client says of a coding; nullopt where that is nothing.
std::optional<int> quality_of(std::span<const Preference> wanted, ContentCoding coding) {
    std::optional<int> of_any;
    for (const Preference& preference : wanted) {
        if (find_content_coding(preference.value) == coding) return preference.quality;
        if (preference.value == "*" && !of_any) of_any = preference.quality;
    }
    return of_any;
}

}  // namespace

std::string_view name_of(ContentCoding coding) noexcept {
    return std::ranges::find(names, coding, [](const auto& name) { return name.second; })->first;
}

std::optional<ContentCoding> find_content_coding(std::string_view name) noexcept {
    for (const auto& [known, coding] : names) {
        if (equal_ignoring_case(known, name)) return coding;
    }
    return std::nullopt;
}

std::expected<std::vector<ContentCoding>, CodingError> content_codings(const Headers& headers,
                                                                       std::size_t codings_max) {
    std::vector<ContentCoding> codings;
    for (std::string_view list : headers.getall("Content-Encoding")) {
        while (!list.empty()) {
            const std::string_view name = take_element(list);
            if (name.empty()) continue;  // RFC 9110 §5.6.1.2
            const auto coding = find_content_coding(name);
            if (!coding) {
                return std::unexpected(CodingError(CodingProblem::unknown_coding, name));
            }
            if (*coding == identity) continue;
            if (codings.size() == codings_max) {
                return std::unexpected(CodingError(CodingProblem::too_many_codings, name));
            }
            codings.push_back(*coding);
        }
    }
    return codings;
}

std::string accept_encoding(std::span<const ContentCoding> codings) {
    if (codings.empty()) return "identity";
    std::string out;
    for (const ContentCoding coding : codings) {
        if (!out.empty()) out += ", ";
        out += name_of(coding);
    }
    return out;
}

std::string accept_encoding() {
    static constexpr std::array all{gzip, deflate, br, zstd};
    return accept_encoding(all);
}

std::optional<ContentCoding> choose_content_coding(const Headers& headers,
                                                   std::span<const ContentCoding> offers) {
    const std::vector<Preference> wanted = preferences(headers, "Accept-Encoding");
    std::optional<ContentCoding> choice;
    int best = 0;
    for (const ContentCoding offer : offers) {
        const int quality = quality_of(wanted, offer).value_or(0);
        if (quality <= best) continue;
        best = quality;
        choice = offer;
    }
    const std::optional<int> of_identity = quality_of(wanted, identity);
    if (choice && of_identity.value_or(0) <= best) return choice;
    if (of_identity == 0) return std::nullopt;
    return identity;
}

}  // namespace weft::http

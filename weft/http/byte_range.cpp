// SPDX-License-Identifier: Apache-2.0
#include <weft/http/byte_range.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

constexpr auto number_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// Figures alone, within 63 bits.
std::optional<std::uint64_t> read_number(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || stop != end || number > number_max) return std::nullopt;
    return number;
}

// What follows `unit` and one of `separators`; nullopt for another unit.
std::optional<std::string_view> without_unit(std::string_view text, char separator) noexcept {
    constexpr std::string_view unit = "bytes";
    if (!equal_ignoring_case(text.substr(0, unit.size()), unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    if (!text.starts_with(separator)) return std::nullopt;
    return text.substr(1);
}

std::optional<RangeRequest> read_request(std::string_view text) noexcept {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view before = text.substr(0, dash);
    const std::string_view behind = text.substr(dash + 1);
    const RangeRequest request{.first = read_number(before), .last = read_number(behind)};
    if (!request.first && !before.empty()) return std::nullopt;
    if (!request.last && !behind.empty()) return std::nullopt;
    if (!request.first && !request.last) return std::nullopt;
    if (request.first && request.last && *request.last < *request.first) return std::nullopt;
    return request;
}

std::optional<ByteRange> resolve(const RangeRequest& request, std::uint64_t size) noexcept {
    if (size == 0) return std::nullopt;
    if (!request.first) {
        const std::uint64_t suffix = std::min(request.last.value_or(0), size);
        if (suffix == 0) return std::nullopt;
        return ByteRange{.first = size - suffix, .last = size - 1};
    }
    if (*request.first >= size) return std::nullopt;
    return ByteRange{.first = *request.first,
                     .last = std::min(request.last.value_or(size - 1), size - 1)};
}

bool lies_within(const ByteRange& range, std::optional<std::uint64_t> size) noexcept {
    return range.first <= range.last && range.last <= number_max &&
           range.last < size.value_or(number_max + 1);
}

std::optional<ContentRange> read_content_range(std::string_view text) noexcept {
    const auto value = without_unit(text, ' ');
    if (!value) return std::nullopt;
    const std::size_t slash = value->find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view bytes = value->substr(0, slash);
    const std::string_view size = value->substr(slash + 1);

    ContentRange found;
    if (size != "*" && !(found.size = read_number(size))) return std::nullopt;
    if (bytes == "*") return found.size ? std::optional(found) : std::nullopt;
    const auto request = read_request(bytes);
    if (!request || !request->first || !request->last) return std::nullopt;
    found.range = ByteRange{.first = *request->first, .last = *request->last};
    return lies_within(*found.range, found.size) ? std::optional(found) : std::nullopt;
}

std::string text_of(const std::optional<std::uint64_t>& number) {
    return number ? std::to_string(*number) : std::string();
}

}  // namespace

std::expected<std::vector<RangeRequest>, FieldError> parse_range(std::string_view text,
                                                                 std::size_t ranges_max) {
    auto list = without_unit(trimmed(text), '=');
    std::vector<RangeRequest> ranges;
    while (list && !list->empty()) {
        const std::size_t comma = std::min(list->find(','), list->size());
        const std::string_view element = trimmed(list->substr(0, comma));
        list->remove_prefix(std::min(comma + 1, list->size()));
        if (element.empty()) continue;  // RFC 9110 §5.6.1.2
        const auto request = read_request(element);
        if (!request) return std::unexpected(FieldError(FieldProblem::bad_range, text));
        if (ranges.size() == ranges_max) {
            return std::unexpected(FieldError(FieldProblem::too_many_ranges, text));
        }
        ranges.push_back(*request);
    }
    if (ranges.empty()) return std::unexpected(FieldError(FieldProblem::bad_range, text));
    return ranges;
}

std::string format_range(std::span<const RangeRequest> ranges) {
    std::string out;
    for (const RangeRequest& range : ranges) {
        const std::string text = text_of(range.first) + "-" + text_of(range.last);
        if (!read_request(text)) throw ValueError(in_quotes(text) + " is no range of bytes");
        out += out.empty() ? "bytes=" : ", ";
        out += text;
    }
    if (out.empty()) throw ValueError("a Range asks for one range at least");
    return out;
}

std::vector<ByteRange> resolve_ranges(std::span<const RangeRequest> ranges, std::uint64_t size) {
    std::vector<ByteRange> found;
    for (const RangeRequest& range : ranges) {
        if (const auto bytes = resolve(range, size)) found.push_back(*bytes);
    }
    std::ranges::sort(found, {}, &ByteRange::first);
    std::vector<ByteRange> apart;
    for (const ByteRange& range : found) {
        if (apart.empty() || range.first > apart.back().last + 1) {
            apart.push_back(range);
        } else {
            apart.back().last = std::max(apart.back().last, range.last);
        }
    }
    return apart;
}

std::expected<ContentRange, FieldError> ContentRange::parse(std::string_view text) {
    const auto found = read_content_range(trimmed(text));
    if (!found) return std::unexpected(FieldError(FieldProblem::bad_content_range, text));
    return *found;
}

std::string ContentRange::to_string() const {
    if (!range && !size) throw ValueError("a Content-Range needs a range or a size");
    if (range && !lies_within(*range, size)) {
        throw ValueError("the range of a Content-Range does not lie within its size");
    }
    const std::string bytes =
        range ? std::to_string(range->first) + "-" + std::to_string(range->last) : "*";
    return "bytes " + bytes + "/" + (size ? std::to_string(*size) : "*");
}

}  // namespace weft::http

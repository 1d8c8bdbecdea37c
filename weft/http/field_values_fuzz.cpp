// SPDX-License-Identifier: Apache-2.0
// Goal:   whatever stands in a header, what is read of it keeps within its limits, and can be written
//         and read again.
// Method: each reads the whole input.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <weft/base/check.hpp>
#include <weft/http/byte_range.hpp>
#include <weft/http/content_disposition.hpp>
#include <weft/http/entity_tag.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_date.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/preferences.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

void read_media_type(std::string_view text) {
    const auto type = MediaType::parse(text);
    if (!type) return;
    check(type->parameters.size() <= MediaType::parameters_max, "too many parameters");
    check(MediaType::parse(type->to_string()) == *type, "a media type has changed");
}

void read_disposition(std::string_view text) {
    const auto disposition = ContentDisposition::parse(text);
    if (!disposition) return;
    const auto name = disposition->filename();
    if (name) check(value_prefix(*name) == name->size(), "a name holds a control byte");
}

void read_ranges(std::string_view text) {
    if (const auto ranges = parse_range(text)) {
        check(parse_range(format_range(*ranges)) == *ranges, "ranges have changed");
        for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}}) {
            std::uint64_t next = 0;
            for (const ByteRange& range : resolve_ranges(*ranges, size)) {
                check(range.first >= next && range.first <= range.last && range.last < size,
                      "a range is not of the content, or not behind the one before it");
                next = range.last + 2;
            }
        }
    }
    if (const auto range = ContentRange::parse(text)) {
        check(ContentRange::parse(range->to_string()) == *range, "a range has changed");
    }
}

void read_others(std::string_view text) {
    if (const auto tag = EntityTag::parse(text)) {
        check(EntityTag::parse(tag->to_string()) == *tag, "an entity tag has changed");
    }
    const auto time = parse_http_date(text);
    if (time) check(parse_http_date(format_http_date(*time)) == *time, "a date has changed");
    if (value_prefix(text) < text.size()) return;
    for (const Preference& preference : preferences({{"Accept", text}}, "Accept")) {
        check(preference.quality >= 0 && preference.quality <= 1000, "no such quality");
    }
    const std::vector<std::string_view> offers{"text/html", "application/json"};
    (void)choose_media_type({{"Accept", text}}, offers);
}

}  // namespace
}  // namespace weft::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    weft::http::read_media_type(text);
    weft::http::read_disposition(text);
    weft::http::read_ranges(text);
    weft::http::read_others(text);
    return 0;
}

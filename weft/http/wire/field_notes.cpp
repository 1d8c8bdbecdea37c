// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/field_notes.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include <weft/http/syntax.hpp>
#include <weft/http/wire/internal/authority.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {
namespace {

// No more than 63 bits, so that lengths can be counted with signs by whoever likes to.
std::optional<std::uint64_t> parse_length(std::string_view text) {
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || length > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return length;
}

}  // namespace

std::optional<ParseProblem> FieldNotes::note_one(std::string_view name, std::string_view value) {
    struct Noted {
        std::string_view name;
        Note note;
    };
    const Noted noted = [&]() -> Noted {
        switch (name.size()) {
            case 4:
                return {"Host", &FieldNotes::note_host};
            case 6:
                return {"Expect", &FieldNotes::note_expect};
            case 7:
                return {"Upgrade", &FieldNotes::note_upgrade};
            case 10:
                return {"Connection", &FieldNotes::note_connection};
            case 14:
                return {"Content-Length", &FieldNotes::note_content_length};
            case 17:
                return {"Transfer-Encoding", &FieldNotes::note_transfer_encoding};
            default:
                return {};
        }
    }();
    if (noted.note == nullptr || !equal_ignoring_case(name, noted.name)) return std::nullopt;
    if (in_trailers_) return ParseProblem::forbidden_trailer;
    return (this->*noted.note)(value);
}

std::optional<ParseProblem> FieldNotes::note_host(std::string_view value) {
    if (has_host_) return ParseProblem::duplicate_host;
    if (!is_authority(value)) return ParseProblem::bad_host;
    has_host_ = true;
    return std::nullopt;
}

std::optional<ParseProblem> FieldNotes::note_connection(std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view option = trimmed(value.substr(0, comma));
        says_close_ |= equal_ignoring_case(option, "close");
        says_keep_alive_ |= equal_ignoring_case(option, "keep-alive");
        says_upgrade_ |= equal_ignoring_case(option, "upgrade");
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return std::nullopt;
}

std::optional<ParseProblem> FieldNotes::note_upgrade(std::string_view value) {
    has_upgrade_ |= !value.empty();
    return std::nullopt;
}

std::optional<ParseProblem> FieldNotes::note_expect(std::string_view value) {
    expects_continue_ |= equal_ignoring_case(value, "100-continue");
    return std::nullopt;
}

std::optional<ParseProblem> FieldNotes::note_content_length(std::string_view value) {
    if (length_) return ParseProblem::duplicate_content_length;
    if (is_chunked_) return ParseProblem::length_and_transfer_encoding;
    const auto length = parse_length(value);
    if (!length) return ParseProblem::bad_content_length;
    length_ = length;
    return std::nullopt;
}

std::optional<ParseProblem> FieldNotes::note_transfer_encoding(std::string_view value) {
    if (is_chunked_) return ParseProblem::duplicate_transfer_encoding;
    if (length_) return ParseProblem::length_and_transfer_encoding;
    if (!equal_ignoring_case(value, "chunked")) return ParseProblem::bad_transfer_encoding;
    is_chunked_ = true;
    return std::nullopt;
}

}  // namespace weft::http::wire::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/field_reader.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/internal/scan.hpp>
#include <weft/http/wire/line_buffer.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {
namespace {

constexpr BytesView line_break = "\r\n";
// Room on the stack for so many fields; then they are handed on.
constexpr std::size_t fields_at_once = 32;

constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

// Reads a line `NAME: VALUE CR LF` at `line`, its place being told from `block` on.
// Returns what is behind it; null where the line is no such one, or not all there.
const char* read_field(const char* block, const char* line, const char* end,
                       Headers::Place& place) noexcept {
    // The end of the line is looked for from its beginning, so that the processor need not wait for
    // the name to find where the next line begins: it reads several lines at once.
    const char* const stop = skip_value(line, end);
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return nullptr;
    const char* const colon = skip_token(line, end);
    if (*colon != ':' || colon == line) return nullptr;
    const char* value = colon + 1;
    while (is_space(*value)) ++value;
    const char* value_end = stop;
    while (value_end > value && is_space(value_end[-1])) --value_end;
    place = {.name = static_cast<std::uint32_t>(line - block),
             .name_size = static_cast<std::uint32_t>(colon - line),
             .value = static_cast<std::uint32_t>(value - block),
             .value_size = static_cast<std::uint32_t>(value_end - value)};
    return stop + line_break.size();
}

BytesView name_in(BytesView block, const Headers::Place& place) {
    return block.substr(place.name, place.name_size);
}
BytesView value_in(BytesView block, const Headers::Place& place) {
    return block.substr(place.value, place.value_size);
}

// What is wrong with a line that read_field() refused.
Fault find_fault(BytesView line) {
    using enum ParseProblem;
    if (!line.ends_with(line_break)) return {bare_line_feed, line.size(), {}};
    line.remove_suffix(line_break.size());
    const std::size_t bytes = line.size() + line_break.size();
    if (!line.empty() && is_space(line.front())) return {folded_field, bytes, {}};
    const std::size_t colon = line.find(':');
    // The line may be the rest of a secret value: only what could be a name is told.
    if (colon == BytesView::npos) {
        return {missing_colon, bytes, line.substr(0, token_prefix(line))};
    }
    const BytesView name = line.substr(0, colon);
    if (!is_token(name)) return {bad_field_name, bytes, name};
    const std::size_t bad = colon + 1 + value_prefix(line.substr(colon + 1));
    check(bad < line.size(), "a line of a header was refused for no reason");
    return {line[bad] == '\r' ? bare_carriage_return : bad_field_value, bytes, name};
}

}  // namespace

// How long the next line may be before its line break.
std::size_t FieldReader::bytes_left() const noexcept {
    const std::size_t taken = std::min(limits_.fields_bytes_max, bytes_ + line_break.size());
    return std::min(limits_.field_bytes_max, limits_.fields_bytes_max - taken);
}

void FieldReader::count(std::size_t line_bytes) noexcept {
    ++fields_;
    bytes_ += line_bytes;
}

std::expected<bool, Fault> FieldReader::read(BytesView& data, LineBuffer& line, Headers& headers,
                                             FieldNotes& notes) {
    for (;;) {
        // What goes wrong here is found again below, where it gets its name.
        if (line.empty() && read_in_place(data, headers, notes)) return true;
        const auto taken = line.take(data, bytes_left());
        if (!taken) {
            const bool is_field = bytes_left() == limits_.field_bytes_max;
            return std::unexpected(
                Fault{is_field ? ParseProblem::field_too_long : ParseProblem::fields_too_long,
                      line.size(),
                      {}});
        }
        if (taken->empty()) return false;
        if (*taken == line_break) return true;
        if (const auto done = read_line(*taken, headers, notes); !done) {
            return std::unexpected(done.error());
        }
    }
}

// Takes all lines that are whole and good.
// Returns whether the empty line was there.
bool FieldReader::read_in_place(BytesView& data, Headers& headers, FieldNotes& notes) {
    for (;;) {
        const char* const block = data.data();
        const char* const end = block + data.size();
        const char* at = block;
        std::array<Headers::Place, fields_at_once> places;
        std::size_t size = 0;
        while (size < places.size() && fields_ < limits_.fields_max) {
            Headers::Place& place = places[size];
            const char* const next = read_field(block, at, end, place);
            if (next == nullptr) break;
            const auto line_bytes = static_cast<std::size_t>(next - at);
            if (line_bytes > bytes_left() + line_break.size()) break;
            if (notes.note(name_in(data, place), value_in(data, place))) break;
            count(line_bytes);
            ++size;
            at = next;
        }
        headers.add_judged(BytesView(block, at), std::span(places).first(size));
        data.remove_prefix(static_cast<std::size_t>(at - block));
        if (data.starts_with(line_break)) {
            data.remove_prefix(line_break.size());
            return true;
        }
        if (size < places.size()) return false;
    }
}

std::expected<void, Fault> FieldReader::read_line(BytesView line, Headers& headers,
                                                  FieldNotes& notes) {
    Headers::Place place;
    const char* const begin = line.data();
    if (read_field(begin, begin, begin + line.size(), place) == nullptr) {
        return std::unexpected(find_fault(line));
    }
    if (fields_ == limits_.fields_max) {
        return std::unexpected(Fault{ParseProblem::too_many_fields, line.size(), {}});
    }
    const BytesView name = name_in(line, place);
    const BytesView value = value_in(line, place);
    if (const auto problem = notes.note(name, value)) {
        const bool is_name = *problem == ParseProblem::forbidden_trailer;
        return std::unexpected(Fault{*problem, line.size(), is_name ? name : value});
    }
    count(line.size());
    headers.add_judged(line, std::span(&place, 1));
    return {};
}

}  // namespace weft::http::wire::internal

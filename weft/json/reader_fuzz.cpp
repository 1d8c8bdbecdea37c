// SPDX-License-Identifier: Apache-2.0
// weft/json/reader_fuzz.cpp - any bytes, to both parsers and to another library's, and into types.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <weft/base/check.hpp>
#include <weft/base/uuid.hpp>
#include <weft/json/chrono.hpp>  // NOLINT(misc-include-cleaner): read and write find it by argument
#include <weft/json/field.hpp>
#include <weft/json/internal/document.hpp>
#include <weft/json/internal/exact_parser.hpp>
#include <weft/json/internal/iso8601.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/literal.hpp>
#include <weft/json/read.hpp>
#include <weft/json/uuid.hpp>  // NOLINT(misc-include-cleaner): the same
#include <weft/json/value.hpp>
#include <weft/json/write.hpp>

namespace {

using weft::check;
using weft::json::Annotated;
using weft::json::dumps;
using weft::json::Field;
using weft::json::Literal;
using weft::json::read;
using weft::json::Required;
using weft::json::Value;
using weft::json::internal::append_input;
using weft::json::internal::Document;
using weft::json::internal::ExactParser;
using weft::json::internal::SyntaxFault;
using weft::json::internal::Tape;

constexpr std::size_t depth_max = 128;

enum class Color : std::uint8_t { red, green };
struct Node {
    std::int64_t a = 0;
    std::optional<double> b;
    std::string c;
    Annotated<std::vector<Node>, Field{.max_length = 5, .required = Required::no}> d;
    std::unique_ptr<Node> e;
    std::map<std::string, std::variant<std::monostate, bool, std::int64_t, double, std::string>> f =
        {};
    std::optional<std::tuple<std::uint8_t, Color, float>> g;
    Annotated<std::set<std::int16_t>, Field{.required = Required::no}> h;
};

struct Leaf {
    Literal<"leaf", "bud"> kind;
    std::chrono::sys_time<std::chrono::microseconds> at;
    Annotated<std::string, Field{.pattern = "^(a+)+$"}> name;
};
struct Branch {
    Literal<"branch"> kind;
    std::vector<Annotated<std::variant<Leaf, Branch>, Field{.discriminator = "kind"}>> children;
    std::optional<std::chrono::year_month_day> day;
    std::optional<std::chrono::nanoseconds> length;
    std::optional<weft::UUID> id;
    Value more = 0;
};

std::string text_of(const std::expected<Tape, SyntaxFault>& parsed) {
    if (!parsed) return std::string(parsed.error().what) + " " + std::to_string(parsed.error().at);
    std::string text;
    check(append_input(*parsed, parsed->root, std::size_t{1} << 30, text), "all of it is shown");
    return text;
}

bool holds_big_number(const Tape& tape, weft::json::internal::Place end) {
    for (auto at = tape.root; at < end;) {
        const char found = weft::json::internal::tag(at);
        if (found == 'Z') return true;
        at += found == 'l' || found == 'u' || found == 'd' ? 2 : 1;
    }
    return false;
}

void check_parsers(std::string_view text) {
    Document document;
    ExactParser exact;
    const auto fast = document.parse(text, depth_max);
    if (text.starts_with("\xef\xbb\xbf")) return;
    const auto slow = exact.parse(text, depth_max);
    check(text_of(fast) == text_of(slow), "both parsers read the same");
    check(fast || fast.error().at <= text.size(), "an error lies in the text");
    if (text.contains('\0')) return;  // which ends a text for nlohmann's library
    if (!fast) {
        const bool is_too_deep = std::string_view(fast.error().what).starts_with("recursion");
        check(is_too_deep || !nlohmann::json::accept(text), "what is refused is no JSON");
    } else if (!holds_big_number(*fast, fast->after(fast->root))) {
        check(nlohmann::json::accept(text), "what is taken is JSON");
    }
}

// What was read is written, and reads and writes as the same; what was not has errors that are JSON.
template <class T>
void check_type(std::string_view text) {
    const auto value = read<T>(text);
    if (!value) {
        check(!value.error().errors.empty(), "what is refused has an error");
        // An array of objects with what lies as deep as it may.
        Document document;
        check(document.parse(to_json(value.error()), depth_max + 2).has_value(), "errors are JSON");
        return;
    }
    const std::string written = dumps(*value);
    const auto again = read<T>(written);
    check(again.has_value(), "what is written can be read");
    check(dumps(*again) == written, "and is the same");
}

// What a Value keeps of a text is what the text says; but for numbers that it has no room for.
void check_value(std::string_view text) {
    const auto value = read<Value>(text);
    if (!value) return;
    const std::string written = dumps(*value);
    check(read<Value>(written) == *value, "a value is read as it is written");
    if (text.contains('\0') || text.starts_with("\xef\xbb\xbf")) return;
    // A number without room may be in a member that another one of its name replaces.
    const auto theirs = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    check(theirs.is_discarded() || nlohmann::json::parse(written) == theirs,
          "and says what the text says");
}

// Texts without JSON around them, too: what the parsers of times see is then what the fuzzer makes.
void check_times(std::string_view text) {
    using namespace weft::json::internal;
    if (const auto days = parse_date(text)) check(date_text(*days) == text, "a date has one form");
    if (const auto span = parse_duration(text)) {
        check(parse_duration(duration_text(*span)) == *span, "a duration is read as it is written");
    }
    if (const auto time = parse_date_time(text)) {
        const Span since{time->days * day_seconds + time->time.seconds, time->time.nanoseconds};
        const auto again = parse_date_time(time_text(since));
        check(again && again->days == time->days && again->time == time->time,
              "a time is read as it is written");
    }
    if (const auto id = weft::UUID::parse(text)) {
        check(weft::UUID::parse(id->str()) == *id, "a UUID is read as it is written");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_parsers(text);
    check_value(text);
    check_times(text);
    check_type<Branch>(text);
    check_type<Node>(text);
    check_type<std::vector<Node>>(text);
    check_type<std::variant<std::monostate, bool, double, std::string, Node, std::vector<Node>>>(
        text);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Answers for schemas_test.py. Of each line `TASK MODEL TEXT` it writes one:
//
//     schema Item         the schema
//     read Item {…}       + and what it is written as; or - and the errors
//     strict Item {…}     the same, without conversions
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include <weft/base/uuid.hpp>
#include <weft/json/chrono.hpp>  // NOLINT(misc-include-cleaner): read and write find it by argument
#include <weft/json/field.hpp>
#include <weft/json/literal.hpp>
#include <weft/json/read.hpp>
#include <weft/json/schema.hpp>
#include <weft/json/uuid.hpp>  // NOLINT(misc-include-cleaner): the same
#include <weft/json/validation_error.hpp>
#include <weft/json/value.hpp>
#include <weft/json/write.hpp>

namespace json = weft::json;
using json::Annotated;
using json::Field;
using json::Literal;
using json::Required;
using json::Value;

// The models of schemas_test.py, member for member.

enum class Color : std::uint8_t { red, green, dark_blue };

struct Inner {
    std::int64_t count = 1;
    Annotated<double, Field{.gt = 0, .le = 1.5}> share;
};

struct Scalars {
    bool flag;
    std::int64_t whole;
    Annotated<std::int64_t, Field{.ge = -3, .lt = 100, .multiple_of = 3}> step = 3;
    double real;
    Annotated<std::string, Field{.min_length = 1, .max_length = 5}> name;
    Annotated<std::string, Field{.alias = "itemCode", .pattern = "^[a-z]+[0-9]?$"}> code;
    Color color = Color::green;
    Literal<"only"> literal;
    Literal<"a", "b"> letter;
    std::optional<std::string> note;
    Annotated<std::optional<std::int64_t>, Field{.gt = 3}> bounded;
    std::monostate nothing;
};

struct Containers {
    std::vector<std::int64_t> list;
    Annotated<std::vector<Inner>, Field{.min_length = 1, .max_length = 3}> inners;
    Annotated<std::set<std::int64_t>, Field{.max_length = 3}> numbers;
    std::tuple<std::int64_t, std::string> pair;
    std::map<std::string, std::int64_t> map;
    Annotated<std::map<std::string, Inner>, Field{.max_length = 2}> named;
    std::variant<std::int64_t, std::string, Inner> either;
    std::optional<std::variant<bool, std::string>> maybe;
    Value any;
    json::Array anything;
    json::Object object;
    Inner inner = {.count = 2, .share = 1.0};
};

struct Node {
    std::int64_t value;
    Annotated<std::vector<Node>, Field{.required = Required::no}> children;
    std::unique_ptr<Node> next;
};

struct Cat {
    Literal<"cat", "lion"> kind;
    std::int64_t lives;
};
struct Dog {
    Literal<"dog"> kind;
    std::vector<std::string> bones;
};
struct Owner {
    Annotated<std::variant<Cat, Dog>, Field{.discriminator = "kind"}> pet;
    std::vector<Annotated<std::variant<Cat, Dog>, Field{.discriminator = "kind"}>> others;
};

struct Times {
    std::chrono::sys_time<std::chrono::microseconds> at;
    std::chrono::year_month_day day;
    std::chrono::microseconds length;
    weft::UUID id;
};

// What Python has no counterpart for.
struct Narrow {
    std::int8_t i8;
    std::uint16_t u16;
    std::int32_t i32;
    std::uint64_t u64;
    Annotated<std::uint8_t, Field{.gt = 5}> above;
    std::array<bool, 2> two;
};

namespace {

template <class T>
std::string answer(std::string_view task, std::string_view text) {
    if (task == "schema") return dumps(json::schema<T>());
    const auto value = json::read<T>(text, {.strict = task == "strict"});
    return value ? "+" + json::dumps(*value) : "-" + json::to_json(value.error());
}

using Answer = std::string (*)(std::string_view task, std::string_view text);
const std::map<std::string_view, Answer> models = {
    {"Scalars", answer<Scalars>}, {"Containers", answer<Containers>}, {"Node", answer<Node>},
    {"Owner", answer<Owner>},     {"Times", answer<Times>},           {"Narrow", answer<Narrow>},
};

std::string_view take_word(std::string_view& line) {
    const std::size_t end = line.find(' ');
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end == line.npos ? line.size() : end + 1);
    return word;
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::string_view rest = line;
        const std::string_view task = take_word(rest);
        const std::string_view model = take_word(rest);
        std::cout << models.at(model)(task, rest) << '\n';
    }
}

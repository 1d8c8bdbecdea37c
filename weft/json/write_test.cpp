// SPDX-License-Identifier: Apache-2.0
#include <weft/json/write.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/fields.hpp>
#include <weft/json/read.hpp>

namespace {

namespace json = weft::json;
using json::Annotated;
using json::dumps;
using json::Field;
using weft::ValueError;

enum class Color : std::uint8_t { red, dark_blue };

struct Item {
    int id = 1;
    std::string name = "tea \"é\"";
    Annotated<double, Field{.alias = "unitPrice", .gt = 0}> price = 2.5;
    std::optional<int> stock;
    std::unique_ptr<Item> best;
    std::vector<std::string> tags = {"a", "b"};
    Color color = Color::dark_blue;
    bool sold = false;
};
struct Empty {};
struct One {
    Empty nothing;
};

TEST(Write, a_struct_with_its_fields_in_their_order) {
    const Item item;
    const std::string text = json::dumps(item);
    EXPECT_EQ(text, R"({"id":1,"name":"tea \"é\"","unitPrice":2.5,"stock":null,"best":null,)"
                    R"("tags":["a","b"],"color":"dark_blue","sold":false})");
    EXPECT_EQ(dumps(One{}), R"({"nothing":{}})");
}

class Account {
public:
    static constexpr auto fields() { return json::fields(json::member<&Account::id_>("id")); }

private:
    int id_ = 3;
};
struct Celsius {
    double degrees = 1.5;
    [[nodiscard]] double to_json() const { return degrees; }
    static Celsius from_json(double degrees) { return {degrees}; }
};

TEST(Write, types_that_describe_themselves) {
    EXPECT_EQ(dumps(Account{}), R"({"id":3})");
    EXPECT_EQ(dumps(std::vector{Celsius{}}), "[1.5]");
}

TEST(Write, containers) {
    EXPECT_EQ(dumps(std::vector<int>{}), "[]");
    EXPECT_EQ(dumps(std::vector<bool>{true, false}), "[true,false]");
    EXPECT_EQ(dumps(std::array{1, 2}), "[1,2]");
    EXPECT_EQ(dumps(std::set{2, 1}), "[1,2]");
    EXPECT_EQ(dumps(std::tuple(1, std::string("a"), std::optional<int>())), R"([1,"a",null])");
    EXPECT_EQ(dumps(std::tuple<>()), "[]");
    EXPECT_EQ(dumps(std::pair(1, true)), "[1,true]");
    EXPECT_EQ(dumps(std::map<std::string, int>{{"a\n", 1}, {"b", 2}}), R"({"a\n":1,"b":2})");
    EXPECT_EQ(dumps(std::unordered_map<std::string, int>{}), "{}");
    EXPECT_EQ(dumps(std::variant<std::monostate, int>()), "null");
    EXPECT_EQ(dumps(std::variant<std::monostate, int>(3)), "3");
    EXPECT_EQ(dumps(std::string_view("x")), R"("x")");
    EXPECT_EQ(dumps("x"), R"("x")");
}

TEST(Write, appends_to_what_is_there) {
    std::string out = "data: ";
    json::dump(1, out);
    json::dump(std::string(5000, 'x'), out);
    EXPECT_EQ(out, "data: 1\"" + std::string(5000, 'x') + "\"");
}

TEST(Write, integers_of_each_size) {
    std::uint64_t power = 1;
    for (int digits = 1; digits <= 20; ++digits) {
        EXPECT_EQ(dumps(power), std::to_string(power));
        EXPECT_EQ(dumps(power - 1), std::to_string(power - 1));
        power *= 10;
    }
    for (int bit = 0; bit < 64; ++bit) {
        const std::uint64_t value = std::uint64_t{1} << bit;
        EXPECT_EQ(dumps(value), std::to_string(value));
    }
    EXPECT_EQ(dumps(INT64_MIN), "-9223372036854775808");
    EXPECT_EQ(dumps(UINT64_MAX), "18446744073709551615");
    EXPECT_EQ(dumps(std::int8_t{-128}), "-128");
    EXPECT_EQ(dumps(std::uint8_t{255}), "255");
}

// ---- strings

std::string escaped_plainly(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        constexpr std::string_view hex = "0123456789abcdef";
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (const std::size_t at = std::string_view("\b\f\n\r\t").find(c);
                   at != std::string_view::npos) {
            (out += '\\') += "bfnrt"[at];
        } else if (byte < 0x20) {
            ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 0xf];
        } else {
            out += c;
        }
    }
    return out + '"';
}

// Each length takes another way through the blocks, with each byte at each place of it.
TEST(Write, escapes_each_byte_at_each_place) {
    for (std::size_t size = 0; size <= 40; ++size) {
        EXPECT_EQ(dumps(std::string(size, 'a')), escaped_plainly(std::string(size, 'a')));
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 128; ++byte) {
                std::string text(size, 'a');
                text[at] = static_cast<char>(byte);
                ASSERT_EQ(dumps(text), escaped_plainly(text)) << size << " " << at << " " << byte;
            }
        }
    }
}

TEST(Write, refuses_what_is_no_utf8_wherever_it_is) {
    for (std::size_t size = 1; size <= 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'a');
            text[at] = '\xff';
            std::string out = "kept";
            ASSERT_THROW(json::dump(text, out), ValueError) << size << " " << at;
            ASSERT_EQ(out, "kept");
        }
    }
    EXPECT_EQ(dumps(std::string("aé€😀\n")), "\"aé€😀\\n\"");
    EXPECT_THROW(static_cast<void>(dumps(std::map<std::string, int>{{"\xc3", 1}})), ValueError);
}

// ---- numbers with a fraction

// What Python's repr() writes.
TEST(Write, doubles_as_pythons_repr) {
    const std::vector<std::pair<double, std::string>> cases = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-1, "-1.0"},
        {0.1, "0.1"},
        {12.99, "12.99"},
        {100, "100.0"},
        {123456.789, "123456.789"},
        {1234567.8901234, "1234567.8901234"},
        {0.30000000000000004, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {0.000012345, "1.2345e-05"},
        {1e9, "1000000000.0"},
        {999999999.999999, "999999999.999999"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {9007199254740993.0, "9007199254740992.0"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1e100, "1e+100"},
        {-123.456, "-123.456"},
    };
    for (const auto& [value, text] : cases) EXPECT_EQ(dumps(value), text);
    EXPECT_EQ(dumps(0.1F), "0.1");
    EXPECT_EQ(dumps(16777216.0F), "16777216.0");
    EXPECT_EQ(dumps(-1.5e-9F), "-1.5e-09");
    EXPECT_EQ(dumps(-0.0F), "-0.0");
}

// What the standard library finds, in Python's form.
template <class Real>
std::string python_repr(Real value) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::scientific);
    const std::string_view text(buffer.data(), end.ptr);
    const std::size_t e = text.find('e');
    std::string digits;
    for (const char c : text.substr(0, e)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    const std::string sign = text.front() == '-' ? "-" : "";
    const int exponent = std::atoi(text.data() + e + 1);
    if (exponent < -4 || exponent >= 16) {
        if (digits.size() > 1) digits.insert(1, ".");
        return sign + digits + std::string(text.substr(e));
    }
    if (exponent < 0) return sign + "0." + std::string(-exponent - 1, '0') + digits;
    const auto point = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= point) return sign + digits.append(point - digits.size(), '0') + ".0";
    return sign + digits.insert(point, ".");
}

template <class Real>
void expect_repr(Real value) {
    if (std::isfinite(value)) ASSERT_EQ(dumps(value), python_repr(value));
}

TEST(Write, doubles_with_the_fewest_digits_that_give_the_same_number) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 300'000; ++i) {
        const std::uint64_t bits = random();
        expect_repr(std::bit_cast<double>(bits));
        expect_repr(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        const auto decimal = static_cast<double>(bits % 1'000'000'000'000) / 1e6;
        expect_repr(decimal);
        expect_repr(std::nextafter(-decimal, 1e9));
        expect_repr(static_cast<double>(bits % 100'000) / 100);
        expect_repr(static_cast<double>(bits >> bits % 64));
    }
}

// Where the algorithm has its edges: each power of two and of ten, and its neighbours.
TEST(Write, doubles_at_the_edges) {
    for (int exponent = -1074; exponent < 1024; ++exponent) {
        const double power = std::ldexp(1, exponent);
        for (const double value :
             {power, std::nextafter(power, 0), std::nextafter(power, 2 * power)}) {
            expect_repr(value);
            expect_repr(static_cast<float>(value));
        }
    }
    for (int exponent = -323; exponent <= 308; ++exponent) {
        const double power = std::strtod(("1e" + std::to_string(exponent)).c_str(), nullptr);
        for (const double value :
             {power, -power, std::nextafter(power, 0), std::nextafter(power, 2 * power)}) {
            expect_repr(value);
            expect_repr(5 * value);
            expect_repr(1.5 * value);
        }
    }
}

TEST(Write, refuses_what_is_no_number) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    EXPECT_THROW(static_cast<void>(dumps(inf)), ValueError);
    EXPECT_THROW(static_cast<void>(dumps(std::numeric_limits<float>::quiet_NaN())), ValueError);
    try {
        static_cast<void>(dumps(std::vector{1.0, -inf}));
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_STREQ(error.what(), "Out of range float values are not JSON compliant: -inf");
    }
    EXPECT_THROW(static_cast<void>(dumps(static_cast<Color>(7))), ValueError);
}

// ---- there and back

struct Row {
    std::vector<std::map<std::string,
                         std::variant<std::monostate, bool, std::int64_t, double, std::string>>>
        cells;
    std::optional<std::vector<Row>> rows;
    friend bool operator==(const Row&, const Row&) = default;
};

TEST(Write, what_is_written_is_read_as_the_same) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 200; ++i) {
        Row row;
        for (std::uint64_t n = random() % 4; n > 0; --n) {
            auto& cells = row.cells.emplace_back();
            cells["null"];
            cells["bool"] = random() % 2 == 0;
            cells["int"] = static_cast<std::int64_t>(random());
            cells["real"] =
                std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 600) - 300) +
                0.5;
            std::string text;
            for (std::uint64_t c = random() % 60; c > 0; --c)
                text += static_cast<char>(random() % 128);
            cells[text] = text + "é";
        }
        if (random() % 2 == 0) row.rows.emplace().push_back(row);
        ASSERT_EQ(json::loads<Row>(dumps(row)), row);
    }
}

}  // namespace

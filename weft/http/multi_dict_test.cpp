// SPDX-License-Identifier: Apache-2.0
#include <weft/http/multi_dict.hpp>

#include <optional>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace weft::http {
namespace {

const MultiDict abac = {{"a", "1"}, {"b", "2"}, {"a", "3"}, {"c", "4"}, {"a", "5"}};

TEST(MultiDict, gives_the_first_value_or_all) {
    EXPECT_EQ(abac.get("a"), "1");
    EXPECT_EQ(abac.get("d"), std::nullopt);
    EXPECT_EQ(abac.getall("a"), (std::vector<std::string_view>{"1", "3", "5"}));
    EXPECT_TRUE(abac.getall("A").empty());
    EXPECT_TRUE(abac.contains("c"));
    EXPECT_FALSE(abac.contains("d"));
}

TEST(MultiDict, keeps_its_pairs_in_order) {
    MultiDict dict;
    EXPECT_TRUE(dict.empty());
    for (const auto& [name, value] : abac) dict.add(name, value);
    EXPECT_EQ(dict, abac);
    EXPECT_EQ(dict.size(), 5u);
    EXPECT_NE(dict, (MultiDict{{"b", "2"}, {"a", "1"}, {"a", "3"}, {"c", "4"}, {"a", "5"}}));
}

TEST(MultiDict, erases_all_of_a_name) {
    MultiDict dict = abac;
    EXPECT_EQ(dict.erase("a"), 3u);
    EXPECT_EQ(dict, (MultiDict{{"b", "2"}, {"c", "4"}}));
    EXPECT_EQ(dict.erase("a"), 0u);
}

// As multidict's: the first values in place, what is too many goes.
TEST(MultiDict, updates_values_where_they_are) {
    MultiDict one = abac;
    one.update({{"a", "9"}});
    EXPECT_EQ(one, (MultiDict{{"a", "9"}, {"b", "2"}, {"c", "4"}}));

    MultiDict two = abac;
    two.update({{"a", "9"}, {"d", "7"}, {"a", "8"}});
    EXPECT_EQ(two, (MultiDict{{"a", "9"}, {"b", "2"}, {"a", "8"}, {"c", "4"}, {"d", "7"}}));

    MultiDict more = {{"a", "1"}};
    more.update({{"a", "2"}, {"a", "3"}});
    EXPECT_EQ(more, (MultiDict{{"a", "2"}, {"a", "3"}}));
}

TEST(MultiDict, may_be_given_itself) {
    MultiDict same = abac;
    same.update(same);
    EXPECT_EQ(same, abac);
    MultiDict twice = {{"a", "1"}};
    twice.extend(twice);
    EXPECT_EQ(twice, (MultiDict{{"a", "1"}, {"a", "1"}}));
}

}  // namespace
}  // namespace weft::http

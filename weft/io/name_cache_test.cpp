// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/name_cache.hpp>

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/io/socket_address.hpp>

namespace weft::internal {
namespace {

using namespace std::chrono_literals;

NameQuestion question(std::string host, AddressFamily family = af_unspec) {
    return {.host = std::move(host), .family = family};
}
TimePoint at(Nanoseconds time) { return TimePoint(time); }

// The port of the first address tells the entries of a test apart.
int known(NameCache& cache, const NameQuestion& asked, TimePoint now = at(0s)) {
    const auto* addresses = cache.find(asked, now);
    return addresses ? addresses->front().port() : 0;
}

TEST(NameCache, keeps_addresses_until_their_time) {
    NameCache cache(10);
    cache.put(question("a"), {{"127.0.0.1", 1}}, at(5s));
    EXPECT_EQ(known(cache, question("a"), at(5s - 1ns)), 1);
    EXPECT_EQ(known(cache, question("a"), at(5s)), 0);
    EXPECT_EQ(cache.size(), 0U);
}

TEST(NameCache, tells_families_apart) {
    NameCache cache(10);
    cache.put(question("a", af_inet), {{"127.0.0.1", 1}}, at(5s));
    cache.put(question("a", af_inet6), {{"::1", 2}}, at(5s));
    EXPECT_EQ(known(cache, question("a", af_inet)), 1);
    EXPECT_EQ(known(cache, question("a", af_inet6)), 2);
    EXPECT_EQ(known(cache, question("a")), 0);
}

TEST(NameCache, replaces_what_it_has) {
    NameCache cache(1);
    cache.put(question("a"), {{"127.0.0.1", 1}}, at(5s));
    cache.put(question("a"), {{"127.0.0.1", 2}}, at(6s));
    EXPECT_EQ(known(cache, question("a"), at(5s)), 2);
    EXPECT_EQ(cache.size(), 1U);
}

TEST(NameCache, forgets_what_was_longest_unused) {
    NameCache cache(2);
    cache.put(question("a"), {{"127.0.0.1", 1}}, at(5s));
    cache.put(question("b"), {{"127.0.0.1", 2}}, at(5s));
    EXPECT_EQ(known(cache, question("a")), 1);
    cache.put(question("c"), {{"127.0.0.1", 3}}, at(5s));
    EXPECT_EQ(known(cache, question("a")), 1);
    EXPECT_EQ(known(cache, question("b")), 0);
    EXPECT_EQ(known(cache, question("c")), 3);
}

TEST(NameCache, of_no_names_keeps_none) {
    NameCache cache(0);
    cache.put(question("a"), {{"127.0.0.1", 1}}, at(5s));
    EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace weft::internal

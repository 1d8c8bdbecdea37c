// SPDX-License-Identifier: Apache-2.0
#include <weft/io/socket_address.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>

namespace weft {
namespace {

using namespace std::string_view_literals;

template <class F>
std::string error_of(F function) {
    try {
        function();
    } catch (const Exception& error) {
        return error.what();
    }
    return "";
}

TEST(SocketAddress, holds_an_address_of_ipv4) {
    const SocketAddress address("127.0.0.1", 80);
    EXPECT_EQ(address.family(), af_inet);
    EXPECT_EQ(address.host(), "127.0.0.1");
    EXPECT_EQ(address.port(), 80);
    EXPECT_EQ(address.scope_id(), 0u);
    EXPECT_EQ(address.to_string(), "('127.0.0.1', 80)");
}

TEST(SocketAddress, knows_the_two_special_hosts_of_ipv4) {
    EXPECT_EQ(SocketAddress("", 65535).to_string(), "('0.0.0.0', 65535)");
    EXPECT_EQ(SocketAddress("<broadcast>", 0).to_string(), "('255.255.255.255', 0)");
}

TEST(SocketAddress, holds_an_address_of_ipv6) {
    const SocketAddress address("::1", 8080);
    EXPECT_EQ(address.family(), af_inet6);
    EXPECT_EQ(address.host(), "::1");
    EXPECT_EQ(address.port(), 8080);
    EXPECT_EQ(address.to_string(), "('::1', 8080, 0, 0)");
    EXPECT_EQ(SocketAddress("0:0::0:1", 8080), address);
}

TEST(SocketAddress, takes_the_interface_by_number_or_name) {
    const SocketAddress by_number("fe80::1%1", 1);
    EXPECT_EQ(by_number.scope_id(), 1u);
    EXPECT_EQ(by_number.to_string(), "('fe80::1%lo', 1, 0, 1)");
    EXPECT_EQ(SocketAddress("fe80::1%lo", 1), by_number);
    EXPECT_EQ(SocketAddress("fe80::1%987654", 1).host(), "fe80::1%987654");
    EXPECT_EQ(error_of([] { SocketAddress("fe80::1%nosuch0", 1); }),
              "[Errno 19] No such device: interface 'nosuch0' of 'fe80::1%nosuch0'");
}

TEST(SocketAddress, refuses_what_is_no_numeric_address) {
    for (const std::string_view host : {"localhost"sv, "127.0.0"sv, "256.0.0.1"sv, ":::"sv,
                                        "1.2.3.4\0"sv, "::1\0"sv, " 127.0.0.1"sv, "[::1]"sv}) {
        EXPECT_THROW(SocketAddress(host, 80), ValueError) << host;
    }
    EXPECT_EQ(error_of([] { SocketAddress("localhost", 80); }),
              "'localhost' is not a numeric address of IPv4 or IPv6");
}

TEST(SocketAddress, refuses_a_port_out_of_range) {
    EXPECT_EQ(error_of([] { SocketAddress("127.0.0.1", 65536); }),
              "port must be 0-65535, not 65536");
    EXPECT_THROW(SocketAddress("127.0.0.1", -1), ValueError);
}

TEST(SocketAddress, holds_the_path_of_a_unix_socket) {
    const auto address = SocketAddress::from_path("/run/app.sock");
    EXPECT_EQ(address.family(), af_unix);
    EXPECT_EQ(address.path(), "/run/app.sock");
    EXPECT_FALSE(address.is_abstract());
    EXPECT_EQ(address.to_string(), "'/run/app.sock'");
    EXPECT_EQ(SocketAddress::from_path("").to_string(), "''");
    EXPECT_EQ(SocketAddress::from_path("").path(), "");
}

TEST(SocketAddress, holds_an_abstract_name_of_any_bytes) {
    const auto address = SocketAddress::from_abstract("na\0me'\\\xff"sv);
    EXPECT_TRUE(address.is_abstract());
    EXPECT_EQ(address.path(), "\0na\0me'\\\xff"sv);
    EXPECT_EQ(address.to_string(), R"(b'\x00na\x00me\'\\\xff')");
    EXPECT_NE(address, SocketAddress::from_abstract("na"));
}

TEST(SocketAddress, holds_the_longest_path_and_no_longer_one) {
    const std::string longest(SocketAddress::path_bytes_max, 'p');
    EXPECT_EQ(SocketAddress::from_path(longest).path(), longest);
    EXPECT_EQ(error_of([&] { static_cast<void>(SocketAddress::from_path(longest + "q")); }),
              "AF_UNIX path too long: '" + longest + "q'");
    EXPECT_EQ(SocketAddress::from_abstract(longest).path(), '\0' + longest);
    EXPECT_THROW(static_cast<void>(SocketAddress::from_abstract(longest + "q")), OSError);
}

TEST(SocketAddress, takes_a_path_with_a_leading_null_byte_for_an_abstract_name) {
    for (const std::string_view name : {"name"sv, "na\0me"sv, ""sv}) {
        const auto address = SocketAddress::from_abstract(name);
        EXPECT_EQ(SocketAddress::from_path(address.path()), address);
        EXPECT_TRUE(SocketAddress::from_path(address.path()).is_abstract());
    }
}

TEST(SocketAddress, refuses_a_null_byte_in_a_path) {
    EXPECT_THROW(static_cast<void>(SocketAddress::from_path("a\0b"sv)), ValueError);
}

TEST(SocketAddress, says_what_an_address_has_not) {
    EXPECT_EQ(error_of([] { static_cast<void>(SocketAddress::from_path("/s").host()); }),
              "the address '/s' has no host");
    EXPECT_THROW(static_cast<void>(SocketAddress::from_path("/s").port()), ValueError);
    EXPECT_THROW(static_cast<void>(SocketAddress("::1", 1).path()), ValueError);
    EXPECT_EQ(error_of([] { static_cast<void>(SocketAddress().host()); }),
              "the address None has no host");
}

TEST(SocketAddress, is_equal_to_one_with_the_same_parts) {
    const SocketAddress address("127.0.0.1", 80);
    EXPECT_EQ(address, SocketAddress("127.0.0.1", 80));
    EXPECT_NE(address, SocketAddress("127.0.0.1", 81));
    EXPECT_NE(address, SocketAddress("127.0.0.2", 80));
    EXPECT_NE(address, SocketAddress());
    EXPECT_EQ(SocketAddress(), SocketAddress());
    // The system does not always count the null byte.
    const auto path = SocketAddress::from_path("/s");
    EXPECT_EQ(SocketAddress::from_bytes(path.bytes().first(path.bytes().size() - 1)), path);
}

TEST(SocketAddress, keeps_a_family_that_it_does_not_know) {
    const std::byte netlink[] = {std::byte{16}, std::byte{0}, std::byte{7}};
    const auto address = SocketAddress::from_bytes(netlink);
    EXPECT_EQ(address.to_string(), "<address of family 16>");
    EXPECT_EQ(address.bytes().size(), 3u);
    EXPECT_THROW(static_cast<void>(address.port()), ValueError);
    const std::byte too_many[200] = {};
    EXPECT_THROW(static_cast<void>(SocketAddress::from_bytes(too_many)), ValueError);
}

}  // namespace
}  // namespace weft

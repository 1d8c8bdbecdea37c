// SPDX-License-Identifier: Apache-2.0
#include <weft/io/resolver.hpp>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/nameserver_test.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::spin;
using testing::thrown_by;

std::vector<Bytes> two_addresses(const DnsQuery& query) {
    DnsReply reply(query);
    query.type == record_a ? reply.address("192.0.2.1") : reply.address("2001:db8::1");
    return {reply.bytes()};
}
std::vector<Bytes> one_address(const DnsQuery& query) {
    DnsReply reply(query);
    if (query.type == record_a) reply.address("192.0.2.1");
    return {reply.bytes()};
}
// Another name, and its address, each to be kept for so many seconds.
template <std::uint32_t name_seconds, std::uint32_t address_seconds>
std::vector<Bytes> another_name(const DnsQuery& query) {
    const Bytes other = encoded_name("other.example");
    DnsReply reply(query);
    reply.record(record_cname, name_seconds, other);
    if (query.type == record_a) {
        reply.record(record_a, address_seconds, "\x7f\x01\x01\x01", other);
    }
    return {reply.bytes()};
}
std::vector<Bytes> silence(const DnsQuery&) { return {}; }

std::string text_of(const std::vector<SocketAddress>& addresses) {
    std::string text;
    for (const SocketAddress& address : addresses) text += address.to_string() + " ";
    return text;
}

Coro<int> code_of(Coro<std::vector<SocketAddress>> question) {
    try {
        co_await std::move(question);
        co_return 0;
    } catch (const GaiError& error) {
        co_return error.code();
    }
}

// ---- questions and answers

TEST(Resolver, asks_for_addresses_of_both_families) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(two_addresses);
        const Resolver resolver(server.options());
        const auto addresses = co_await resolver.getaddrinfo("www.example.com", 80);
        EXPECT_EQ(addresses.size(), 2U);
        const std::string all = text_of(addresses);
        EXPECT_NE(all.find("('192.0.2.1', 80)"), std::string::npos) << all;
        EXPECT_NE(all.find("('2001:db8::1', 80, 0, 0)"), std::string::npos) << all;
    }());
}

TEST(Resolver, asks_only_for_the_family_that_is_wanted) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(two_addresses);
        const Resolver resolver(server.options());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.example", 1, {.family = af_inet6})),
                  "('2001:db8::1', 1, 0, 0) ");
        EXPECT_EQ(server.asked(), std::vector<std::string>{"AAAA a.example"});
    }());
}

TEST(Resolver, asks_nobody_for_a_name_whose_addresses_it_was_given) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        ResolverOptions options = server.options();
        options.hosts = {{"A.example", {{"127.0.0.1", 0}, {"::1", 9}}}, {"none.example.", {}}};
        const Resolver resolver(options);
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.EXAMPLE.", 80)),
                  "('127.0.0.1', 80) ('::1', 80, 0, 0) ");
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.example", 1, {.family = af_inet})),
                  "('127.0.0.1', 1) ");
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("none.example", 80)), EAI_NODATA);
        EXPECT_EQ(server.asked(), std::vector<std::string>{});
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("b.a.example", 80)), "('192.0.2.1', 80) ");
    }());
}

TEST(Resolver, asks_nobody_for_a_numeric_host) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(two_addresses);
        const Resolver resolver(server.options());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("127.0.0.1", 80)), "('127.0.0.1', 80) ");
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("::1", 80)), "('::1', 80, 0, 0) ");
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("::1", 80, {.family = af_inet})),
                  EAI_ADDRFAMILY);
        EXPECT_TRUE(server.asked().empty());
    }());
}

TEST(Resolver, knows_the_numeric_forms_that_the_system_knows) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        const Resolver resolver(server.options());
        for (const char* host : {"127.1", "2130706433", "0x7f.1"}) {
            EXPECT_EQ(text_of(co_await resolver.getaddrinfo(host, 80)), "('127.0.0.1', 80) ")
                << host;
        }
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("fe80::1%nope", 80)), EAI_NONAME);
        EXPECT_TRUE(server.asked().empty());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("1a.example", 80)), "('192.0.2.1', 80) ");
    }());
}

TEST(Resolver, follows_another_name) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(another_name<60, 60>);
        const Resolver resolver(server.options());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.example", 80)), "('127.1.1.1', 80) ");
    }());
}

TEST(Resolver, says_why_there_is_no_address) {
    run_clean([]() -> Coro<void> {
        int rcode = 3;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            return std::vector{DnsReply(query).code(rcode).bytes()};
        });
        const Resolver resolver(server.options());
        EXPECT_EQ(co_await outcome(resolver.getaddrinfo("nowhere.example", 80)),
                  "GaiError: [Errno -2] Name or service not known (Domain name not found): "
                  "'nowhere.example'");
        rcode = 0;
        EXPECT_EQ(co_await outcome(resolver.getaddrinfo("empty.example", 80)),
                  "GaiError: [Errno -5] No address associated with hostname (DNS server returned "
                  "answer with no data): 'empty.example'");
        rcode = 2;
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("failing.example", 80)), EAI_AGAIN);
    }());
}

TEST(Resolver, refuses_a_name_that_cannot_be_one) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        const Resolver resolver(server.options());
        for (const std::string& host : {std::string("a..b"), std::string(64, 'x') + ".example",
                                        std::string(300, 'x'), std::string(2000, '.')}) {
            EXPECT_NE(co_await code_of(resolver.getaddrinfo(host, 80)), 0) << host;
        }
        EXPECT_EQ(co_await outcome(resolver.getaddrinfo("b\xc3\xbc"
                                                        "cher.example",
                                                        80)),
                  "ValueError: the host 'b\xc3\xbc"
                  "cher.example' is not ASCII; write an international name as xn--…");
        EXPECT_EQ(co_await outcome(resolver.getaddrinfo("a.example", 65536)),
                  "ValueError: port must be 0-65535, not 65536");
    }());
}

// ---- what is known

TEST(Resolver, asks_once_for_as_long_as_an_answer_says) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        const Resolver resolver(server.options());
        for (const int port : {80, 443, 8080}) {
            EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.example", port)),
                      "('192.0.2.1', " + std::to_string(port) + ") ");
        }
        EXPECT_EQ(server.asked().size(), 2U);  // A and AAAA
        resolver.clear_cache();
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 4U);
    }());
}

TEST(Resolver, asks_anew_when_an_answer_is_too_old) {
    run_clean([]() -> Coro<void> {
        std::uint32_t time_to_live = 1;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            DnsReply reply(query);
            if (query.type == record_a) {
                reply.address("192.0.2.1", 300).address("192.0.2.2", time_to_live);
            }
            return std::vector{reply.bytes()};
        });
        const Resolver resolver(server.options());
        co_await resolver.getaddrinfo("a.example", 80);
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 2U);
        co_await sleep(1100ms);
        time_to_live = 0;  // and is not to be kept
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 4U);
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 6U);
    }());
}

TEST(Resolver, keeps_nothing_for_longer_than_it_is_told_to) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        ResolverOptions options = server.options();
        options.cache_time_max = 0s;
        const Resolver resolver(std::move(options));
        co_await resolver.getaddrinfo("a.example", 80);
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 4U);
    }());
}

TEST(Resolver, keeps_an_answer_no_longer_than_the_names_on_the_way_to_it) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(another_name<1, 3600>);
        const Resolver resolver(server.options());
        co_await resolver.getaddrinfo("a.example", 80);
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 2U);
        co_await sleep(1100ms);
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 4U);
    }());
}

// What has failed may work in a moment, and would be missing for as long as the rest says.
TEST(Resolver, keeps_no_answer_of_which_half_came_late) {
    run_clean([]() -> Coro<void> {
        int silent = 3;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            if (query.type == record_a && silent-- > 0) return std::vector<Bytes>();
            return two_addresses(query);
        });
        ResolverOptions options = server.options();
        options.timeout = 300ms;
        const Resolver resolver(std::move(options));
        EXPECT_EQ((co_await resolver.getaddrinfo("a.example", 80)).size(), 1U);
        silent = 0;
        EXPECT_EQ((co_await resolver.getaddrinfo("a.example", 80)).size(), 2U);
    }());
}

TEST(Resolver, keeps_no_failure) {
    run_clean([]() -> Coro<void> {
        bool known = false;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            return known ? one_address(query) : std::vector{DnsReply(query).code(3).bytes()};
        });
        const Resolver resolver(server.options());
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("a.example", 80)), EAI_NONAME);
        known = true;
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("a.example", 80)), 0);
    }());
}

TEST(Resolver, shares_a_question_among_those_who_ask_at_the_same_time) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        const Resolver resolver(server.options());
        std::vector<Task<std::vector<SocketAddress>>> all;
        for (int i = 0; i < 10; ++i) {
            all.push_back(create_task(resolver.getaddrinfo("a.example", 80)));
        }
        co_await spin();
        all[0].cancel();  // the others have their answer all the same
        for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ((co_await all[i]).size(), 1U);
        EXPECT_EQ(co_await ended(all[0]), "CancelledError");
        EXPECT_EQ(server.asked().size(), 2U);
    }());
}

TEST(Resolver, learns_the_answer_although_nobody_waits_any_more) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        const Resolver resolver(server.options());
        const auto asking = create_task(resolver.getaddrinfo("a.example", 80));
        co_await spin();
        asking.cancel();
        co_await ended(asking);
        while (server.asked().size() < 2) co_await spin();  // A and AAAA
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), 2U);
    }());
}

// ---- nameservers that are slow, dead, or lie

TEST(Resolver, gives_a_silent_nameserver_up) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(silence);
        const Resolver resolver(
            {.nameservers = {server.address()}, .timeout = 100ms, .attempts = 2});
        const TimePoint begin = get_running_loop().time();
        EXPECT_EQ(co_await outcome(resolver.getaddrinfo("a.example", 80)),
                  "GaiError: [Errno -3] Temporary failure in name resolution (Timeout while "
                  "contacting DNS servers): 'a.example'");
        const Nanoseconds taken = get_running_loop().time() - begin;
        EXPECT_GE(taken, 290ms);  // 100 and 200 ms
        EXPECT_LT(taken, 5s);
        EXPECT_EQ(server.asked().size(), 4U);
    }());
}

TEST(Resolver, notices_a_nameserver_that_is_not_there) {
    run_clean([]() -> Coro<void> {
        const SocketAddress nobody = [] {
            Socket socket(af_inet, sock_dgram);
            socket.bind({"127.0.0.1", 0});
            return socket.getsockname();
        }();
        const Resolver resolver({.nameservers = {nobody}, .timeout = 200ms, .attempts = 1});
        EXPECT_EQ(co_await code_of(resolver.getaddrinfo("a.example", 80)), EAI_AGAIN);
    }());
}

TEST(Resolver, asks_the_next_nameserver) {
    run_clean([]() -> Coro<void> {
        const Nameserver first = co_await Nameserver::start(silence);
        const Nameserver second = co_await Nameserver::start(one_address);
        const Resolver resolver(
            {.nameservers = {first.address(), second.address()}, .timeout = 200ms, .attempts = 2});
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.example", 80)), "('192.0.2.1', 80) ");
        EXPECT_FALSE(first.asked().empty());
    }());
}

TEST(Resolver, is_not_taken_in_by_answers_to_what_it_did_not_ask) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start([](const DnsQuery& query) {
            Bytes other_id = query.bytes.substr(0, 2);
            other_id[0] = static_cast<char>(other_id[0] ^ 1);
            DnsQuery other_question = query;
            other_question.question =
                encoded_name("evil.example") + two_bytes(query.type) + two_bytes(1);
            std::vector<Bytes> answers{
                "",
                "no message at all",
                DnsReply(query).id(other_id).address("203.0.113.1").bytes(),
                DnsReply(other_question).address("203.0.113.2").bytes(),
            };
            answers.push_back(one_address(query).front());
            return answers;
        });
        const Resolver resolver(server.options());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("a.example", 80)), "('192.0.2.1', 80) ");
    }());
}

// Goal:   whatever a nameserver answers, a question ends.
// Method: an answer that was cut, or has one byte changed, at each place.
TEST(Resolver, survives_any_broken_answer) {
    run_clean([]() -> Coro<void> {
        std::size_t at = 0;
        bool cut = false;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            Bytes answer = one_address(query).front();
            if (cut) {
                answer.resize(at % answer.size());
            } else {
                answer[at % answer.size()] = static_cast<char>(answer[at % answer.size()] ^ 0xff);
            }
            return std::vector{answer};
        });
        ResolverOptions options = server.options();
        options.timeout = 20ms;
        options.attempts = 1;
        const Resolver resolver(std::move(options));
        for (at = 0; at < 55; ++at) {
            for (const bool cuts : {true, false}) {
                cut = cuts;
                co_await code_of(resolver.getaddrinfo("a" + std::to_string(at) + ".example", 80));
                resolver.clear_cache();
            }
        }
    }());
}

TEST(Resolver, asks_over_tcp_for_what_has_no_room_in_a_datagram) {
    run_clean([]() -> Coro<void> {
        const auto all = [](const DnsQuery& query) {
            DnsReply reply(query);
            for (int i = 1; i <= 200 && query.type == record_a; ++i) {
                reply.address("192.0.2." + std::to_string(i));
            }
            return reply.bytes();
        };
        const Server over_tcp = co_await start_server(
            [&](StreamReader reader, StreamWriter writer) -> Coro<void> {
                for (;;) {
                    const Bytes size = co_await reader.read(2);
                    if (size.size() < 2) co_return;
                    const auto count = (static_cast<unsigned char>(size[0]) << 8) |
                                       static_cast<unsigned char>(size[1]);
                    const Bytes answer = all(DnsQuery(co_await reader.readexactly(count)));
                    writer.write(two_bytes(answer.size()) + answer);
                    co_await writer.drain();
                }
            },
            own_host, 0);
        const Nameserver over_udp = co_await Nameserver::start(
            [](const DnsQuery& query) { return std::vector{DnsReply(query).truncated().bytes()}; },
            over_tcp.sockets()[0].getsockname());
        const Resolver resolver(over_udp.options());
        EXPECT_EQ((co_await resolver.getaddrinfo("a.example", 80)).size(), 200U);
        over_tcp.close();
        co_await over_tcp.wait_closed();
    }());
}

// ---- files, the environment, loops

class Environment : public ::testing::Test {
protected:
    static void set(const char* name, const std::string& value) {
        ::setenv(name, value.c_str(), 1);
    }
    ~Environment() override {
        ::unsetenv("CARES_HOSTS");
        ::unsetenv("WEFT_RESOLVER");
    }
};
using ResolverEnvironment = Environment;

TEST_F(ResolverEnvironment, reads_the_file_of_hosts_first) {
    const std::string file = "/tmp/weft_resolver_test_" + std::to_string(::getpid());
    std::ofstream(file) << "192.0.2.77 known.example # a comment\n";
    set("CARES_HOSTS", file);
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(one_address);
        const Resolver resolver(server.options());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("known.example", 80)),
                  "('192.0.2.77', 80) ");
        EXPECT_TRUE(server.asked().empty());
        EXPECT_EQ(text_of(co_await resolver.getaddrinfo("other.example", 80)),
                  "('192.0.2.1', 80) ");
    }());
    ::unlink(file.c_str());
}

TEST_F(ResolverEnvironment, asks_the_system_when_told_to) {
    set("WEFT_RESOLVER", "system");
    run_clean([]() -> Coro<void> {
        const std::string host(64, 'x');  // longer than a label can be: no server is asked
        const std::string error = co_await outcome(getaddrinfo(host, 80));
        EXPECT_TRUE(error.starts_with("GaiError: [Errno -")) << error;
        EXPECT_TRUE(error.ends_with(": '" + host + "'")) << error;
    }());
    set("WEFT_RESOLVER", "dms");
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome(getaddrinfo("a.example", 80)),
                  "ValueError: WEFT_RESOLVER is 'dms', not one of: dns, system");
    }());
}

TEST(Resolver, that_nobody_holds_ends_with_its_question) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(silence);
        const auto asking =
            create_task(Resolver({.nameservers = {server.address()}, .timeout = 10s})
                            .getaddrinfo("a.example", 80));
        co_await sleep(20ms);
        asking.cancel();
        EXPECT_EQ(co_await ended(asking), "CancelledError");
    }());
}

TEST(Resolver, ends_with_its_loop) {
    Socket silent(af_inet, sock_dgram);
    silent.bind({"127.0.0.1", 0});
    const std::size_t before = open_descriptors();
    std::optional<Resolver> kept;
    run([](std::optional<Resolver>& keep, SocketAddress nobody) -> Coro<void> {
        keep.emplace(ResolverOptions{.nameservers = {nobody}, .timeout = 10s});
        const auto asking = create_task(keep->getaddrinfo("a.example", 80));
        co_await sleep(20ms);
    }(kept, silent.getsockname()));
    EXPECT_EQ(open_descriptors(), before);
    // Another loop begins anew with it.
    run([](const Resolver& resolver) -> Coro<void> {
        const auto asking = create_task(resolver.getaddrinfo("a.example", 80));
        co_await sleep(20ms);
        EXPECT_FALSE(asking.done());
    }(*kept));
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Resolver, belongs_to_one_loop_at_a_time) {
    const Resolver resolver({.timeout = 10s});
    const auto one = new_event_loop();
    const auto other = new_event_loop();
    const auto use = [](const Resolver& used) -> Coro<std::string> {
        co_return co_await outcome(used.getaddrinfo(std::string(64, 'x'), 80));
    };
    EXPECT_TRUE(one->run_until_complete(use(resolver)).starts_with("GaiError: "));
    EXPECT_EQ(other->run_until_complete(use(resolver)),
              "RuntimeError: Resolver is bound to a different event loop");
    one->close();
    EXPECT_TRUE(other->run_until_complete(use(resolver)).starts_with("GaiError: "));
    other->close();
}

TEST(Resolver, of_a_loop_is_not_that_of_the_next) {
    for (int i = 0; i < 2; ++i) {
        run_clean([]() -> Coro<void> {
            const std::string host(64, 'x');
            EXPECT_NE(co_await code_of(getaddrinfo(host, 80)), 0);
        }());
    }
}

// A loop's resolver is the loop's, whichever thread runs it.
TEST(Resolver, goes_with_its_loop_to_another_thread) {
    const auto loop = std::make_unique<EventLoop>(make_epoll_backend());
    const auto use = []() -> Coro<int> {
        co_return co_await code_of(getaddrinfo(std::string(64, 'x'), 80));
    };
    std::jthread([&] { EXPECT_NE(loop->run_until_complete(use()), 0); }).join();
    EXPECT_NE(loop->run_until_complete(use()), 0);
    loop->close();
}

TEST(Resolver, needs_some_time_and_an_attempt) {
    EXPECT_EQ(thrown_by([] { return Resolver({.timeout = 0s}); }),
              "ValueError: a Resolver needs a timeout and a number of attempts above zero");
    EXPECT_EQ(thrown_by([] { return Resolver({.nameservers = {SocketAddress::from_path("/a")}}); }),
              "ValueError: a nameserver has an address of IPv4 or IPv6 without a scope, not '/a'");
    EXPECT_EQ(thrown_by([] { return Resolver({.attempts = 0}); }),
              "ValueError: a Resolver needs a timeout and a number of attempts above zero");
}

}  // namespace
}  // namespace weft

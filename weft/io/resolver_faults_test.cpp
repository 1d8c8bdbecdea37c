// SPDX-License-Identifier: Apache-2.0
// Goal:   whatever a nameserver does, a question ends in its time, with an answer that is true or with
//         an error; never with somebody else's answer.
// Method: nameservers that lie, are late, or die. The truth is 192.0.2.1, every lie 203.0.113.1.
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/datagrams.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/nameserver_test.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::spin;

// What this machine's settings would add to the names.
[[maybe_unused]] const bool has_plain_settings = [] {
    ::setenv("LOCALDOMAIN", "", 1);
    ::setenv("RES_OPTIONS", "ndots:1", 1);
    return true;
}();

// For an attempt, of which there are two, the second of twice the time: where no answer is to come,
// where one is to come after another has not, and where the truth is to come.
constexpr Nanoseconds attempt_time = 60ms;
constexpr Nanoseconds some_time = 250ms;
constexpr Nanoseconds patience = 3s;
// What a busy machine needs, too.
constexpr Nanoseconds time_max = 20s;

using Answers = std::vector<Bytes>;

Bytes truth(const DnsQuery& query) {
    DnsReply reply(query);
    if (query.type == record_a) reply.address("192.0.2.1");
    return reply.bytes();
}

ResolverOptions options_for(std::vector<SocketAddress> nameservers,
                            Nanoseconds attempt = attempt_time) {
    return {.nameservers = std::move(nameservers), .timeout = attempt, .attempts = 2};
}

// "true", or the error. Fails where it is neither, or takes too long.
Coro<std::string> ask(const Resolver& resolver, std::string host) {
    const TimePoint begin = get_running_loop().time();
    std::string told;
    try {
        for (const SocketAddress& address : co_await resolver.getaddrinfo(std::move(host), 80)) {
            EXPECT_EQ(address.host(), "192.0.2.1") << "somebody else's answer";
        }
        told = "true";
    } catch (const GaiError& error) {
        told = error.what();
    }
    EXPECT_LT(get_running_loop().time() - begin, time_max);
    resolver.clear_cache();
    co_return told;
}

// ---- lies

Bytes with_another_id(const DnsQuery& query) {
    Bytes id = query.bytes.substr(0, 2);
    id[1] = static_cast<char>(id[1] ^ 1);
    return DnsReply(query).id(id).address("203.0.113.1").bytes();
}
Bytes to_another_question(const DnsQuery& query) {
    DnsQuery other = query;
    other.question = encoded_name("evil.example") + two_bytes(query.type) + two_bytes(1);
    return DnsReply(other).address("203.0.113.1").bytes();
}
Bytes to_another_type(const DnsQuery& query) {
    DnsQuery other = query;
    other.question = encoded_name(query.name) + two_bytes(16) + two_bytes(1);
    return DnsReply(other).address("203.0.113.1").bytes();
}
Bytes to_no_question(const DnsQuery& query) {
    Bytes reply = DnsReply(query).address("203.0.113.1").bytes();
    reply[5] = 0;
    return reply.erase(12, query.question.size());
}
Bytes question_itself(const DnsQuery& query) { return query.bytes; }

using Lie = Bytes (*)(const DnsQuery&);
constexpr Lie ignored_lies[] = {with_another_id, to_another_question, to_another_type};
constexpr Lie all_lies[] = {with_another_id, to_another_question, to_another_type, to_no_question,
                            question_itself};

TEST(ResolverFaults, lies_alone_are_no_answer) {
    run_clean([]() -> Coro<void> {
        for (const Lie lie : all_lies) {
            const Nameserver server = co_await Nameserver::start(
                [lie](const DnsQuery& query) { return Answers(3, lie(query)); });
            const Resolver resolver(options_for({server.address()}));
            EXPECT_NE(co_await ask(resolver, "a.example"), "true");
        }
    }());
}

TEST(ResolverFaults, lies_before_the_truth_are_not_believed) {
    run_clean([]() -> Coro<void> {
        for (const Lie lie : ignored_lies) {
            const Nameserver server = co_await Nameserver::start([lie](const DnsQuery& query) {
                Answers all(50, lie(query));
                all.push_back(truth(query));
                return all;
            });
            const Resolver resolver(options_for({server.address()}, patience));
            EXPECT_EQ(co_await ask(resolver, "a.example"), "true");
        }
    }());
}

// Whoever guesses the id of a question still has another address.
TEST(ResolverFaults, an_answer_from_another_address_is_not_believed) {
    run_clean([]() -> Coro<void> {
        const Socket liar(af_inet, sock_dgram);
        DatagramEndpoint endpoint =
            co_await create_datagram_endpoint({.local_addr = SocketAddress("127.0.0.1", 0)});
        const auto serving =
            create_task([](DatagramEndpoint& at, const Socket& from) -> Coro<void> {
                for (;;) {
                    auto [message, asked_by] = co_await at.recvfrom();
                    const DnsQuery query(std::move(message));
                    const Bytes lie = DnsReply(query).address("203.0.113.1").bytes();
                    ::sendto(from.fileno(), lie.data(), lie.size(), 0,
                             reinterpret_cast<const sockaddr*>(asked_by.bytes().data()),
                             static_cast<socklen_t>(asked_by.bytes().size()));
                    co_await spin(3);
                    co_await at.sendto(truth(query), asked_by);
                }
            }(endpoint, liar));
        const Resolver resolver(options_for({endpoint.getsockname()}, patience));
        EXPECT_EQ(co_await ask(resolver, "a.example"), "true");
        serving.cancel();
        co_await testing::ended(serving);
    }());
}

// ---- names that lead to names

TEST(ResolverFaults, names_that_lead_round_and_round_end) {
    run_clean([]() -> Coro<void> {
        const Bytes a = encoded_name("a.example");
        const Bytes b = encoded_name("b.example");
        const std::function<DnsReply(DnsReply)> loops[] = {
            [&](DnsReply reply) { return reply.record(record_cname, 60, a); },
            [&](DnsReply reply) {
                return reply.record(record_cname, 60, b).record(record_cname, 60, a, b);
            },
            [&](DnsReply reply) {
                for (int i = 0; i < 200; ++i) {
                    reply.record(record_cname, 60, i % 2 == 0 ? b : a, i % 2 == 0 ? a : b);
                }
                return reply;
            },
            // A pointer to itself, in a name of a record (RFC 1035, section 4.1.4).
            [&](DnsReply reply) { return reply.record(record_cname, 60, "\xc0\x27"); },
            [&](DnsReply reply) {
                return reply.record(record_a, 60, "\xcb\x01\x71\x01", "\xc0\x1b");
            },
        };
        for (const auto& loop : loops) {
            const Nameserver server = co_await Nameserver::start(
                [&](const DnsQuery& query) { return Answers{loop(DnsReply(query)).bytes()}; });
            const Resolver resolver(options_for({server.address()}));
            EXPECT_NE(co_await ask(resolver, "a.example"), "true");
        }
    }());
}

TEST(ResolverFaults, a_long_chain_of_names_ends) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start([](const DnsQuery& query) {
            DnsReply reply(query);
            Bytes from = encoded_name(query.name);
            for (int i = 0; i < 12; ++i) {
                const Bytes to = encoded_name("n" + std::to_string(i));
                reply.record(record_cname, 60, to, from);
                from = to;
            }
            if (query.type == record_a) reply.record(record_a, 60, "\xc0\x00\x02\x01"s, from);
            return Answers{reply.bytes()};
        });
        const Resolver resolver(options_for({server.address()}, patience));
        EXPECT_EQ(co_await ask(resolver, "a.example"), "true");
    }());
}

// ---- what has no room in a datagram

// Answers over UDP that the rest is to be had over TCP, where it does something else.
struct OverTcp {
    const char* name;
    Coro<void> (*answer)(const DnsQuery&, const StreamReader&, const StreamWriter&);
    bool is_true = false;
};

Coro<void> reset(const StreamWriter& writer) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(writer.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    writer.abort();
    co_return;
}

void say(const StreamWriter& writer, const Bytes& message, std::size_t size) {
    writer.write(two_bytes(size) + message);
}

std::vector<OverTcp> all_over_tcp() {
    using Reader = const StreamReader&;
    using Writer = const StreamWriter&;
    using Query = const DnsQuery&;
    return {
        {"the truth",
         [](Query query, Reader, Writer writer) -> Coro<void> {
             say(writer, truth(query), truth(query).size());
             co_return;
         },
         true},
        {"the truth, byte by byte",
         [](Query query, Reader, Writer writer) -> Coro<void> {
             for (const char byte : two_bytes(truth(query).size()) + truth(query)) {
                 writer.write(BytesView(&byte, 1));
                 co_await spin();
             }
         },
         true},
        {"the end", [](Query, Reader, Writer) -> Coro<void> { co_return; }},
        {"a reset", [](Query, Reader, Writer writer) -> Coro<void> { co_await reset(writer); }},
        {"silence", [](Query, Reader reader, Writer) -> Coro<void> { co_await reader.read(); }},
        {"half of it, and the end",
         [](Query query, Reader, Writer writer) -> Coro<void> {
             say(writer, truth(query).substr(0, 20), truth(query).size());
             co_return;
         }},
        {"half of it, and silence",
         [](Query query, Reader reader, Writer writer) -> Coro<void> {
             say(writer, truth(query).substr(0, 20), truth(query).size());
             co_await reader.read();
         }},
        {"a size that is too small",
         [](Query query, Reader reader, Writer writer) -> Coro<void> {
             say(writer, truth(query), 5);
             co_await reader.read();
         }},
        {"a size of nothing",
         [](Query, Reader reader, Writer writer) -> Coro<void> {
             writer.write(Bytes(2, '\0'));
             co_await reader.read();
         }},
        {"garbage without an end",
         [](Query, Reader, Writer writer) -> Coro<void> {
             for (int i = 0; i < 50; ++i) {
                 writer.write(some_bytes(10'000));
                 if (!co_await as_result(writer.drain())) co_return;
             }
         }},
        {"another id",
         [](Query query, Reader reader, Writer writer) -> Coro<void> {
             say(writer, with_another_id(query), with_another_id(query).size());
             co_await reader.read();
         }},
        {"another question",
         [](Query query, Reader reader, Writer writer) -> Coro<void> {
             say(writer, to_another_question(query), to_another_question(query).size());
             co_await reader.read();
         }},
    };
}

TEST(ResolverFaults, a_nameserver_may_do_anything_over_tcp) {
    for (const OverTcp& how : all_over_tcp()) {
        run_clean([](const OverTcp& does) -> Coro<void> {
            const auto talk = [&does](StreamReader reader, StreamWriter writer) -> Coro<void> {
                const auto size = co_await as_result(reader.readexactly(2));
                if (!size) co_return;
                const auto count = static_cast<unsigned char>((*size)[0]) * 256 +
                                   static_cast<unsigned char>((*size)[1]);
                const DnsQuery query(co_await reader.readexactly(count));
                static_cast<void>(co_await as_result(does.answer(query, reader, writer)));
            };
            const Server over_tcp = co_await start_server(talk, own_host, 0);
            const Nameserver over_udp = co_await Nameserver::start(
                [](const DnsQuery& query) { return Answers{DnsReply(query).truncated().bytes()}; },
                over_tcp.sockets()[0].getsockname());
            {
                const Resolver resolver(
                    options_for({over_udp.address()}, does.is_true ? patience : attempt_time));
                const std::string told = co_await ask(resolver, "a.example");
                EXPECT_EQ(told == "true", does.is_true) << does.name << ": " << told;
            }
            over_tcp.close();
            over_tcp.abort_clients();
            co_await over_tcp.wait_closed();
        }(how));
    }
}

TEST(ResolverFaults, a_nameserver_may_not_be_there_over_tcp) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await Nameserver::start(
            [](const DnsQuery& query) { return Answers{DnsReply(query).truncated().bytes()}; });
        const Resolver resolver(options_for({server.address()}));
        EXPECT_NE(co_await ask(resolver, "a.example"), "true");
    }());
}

// ---- too late, or never

// Goal:   the answer to one question that comes too late is none to the next.
// Method: a nameserver that answers a question only when the next one is asked.
TEST(ResolverFaults, an_answer_that_comes_too_late_is_not_that_of_the_next_question) {
    run_clean([]() -> Coro<void> {
        Answers late;
        bool answers_now = false;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            if (!answers_now) {
                late.push_back(DnsReply(query).address("203.0.113.1").bytes());
                return Answers();
            }
            Answers all = late;
            all.push_back(truth(query));
            return all;
        });
        const Resolver resolver(options_for({server.address()}, some_time));
        EXPECT_NE(co_await ask(resolver, "first.example"), "true");
        EXPECT_EQ(late.size(), 4U);  // two attempts for each family
        answers_now = true;
        EXPECT_EQ(co_await ask(resolver, "second.example"), "true");
    }());
}

TEST(ResolverFaults, a_nameserver_that_comes_back_is_asked_again) {
    run_clean([]() -> Coro<void> {
        std::optional<Nameserver> server(co_await Nameserver::start(
            [](const DnsQuery& query) { return Answers{truth(query)}; }, {own_host, 0}));
        const SocketAddress address = server->address();
        const Resolver resolver(options_for({address}, some_time));
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(co_await ask(resolver, "a.example"), "true");
            server.reset();
            co_await spin(5);
            EXPECT_NE(co_await ask(resolver, "a.example"), "true");
            server.emplace(co_await Nameserver::start(
                [](const DnsQuery& query) { return Answers{truth(query)}; }, address));
        }
    }());
}

TEST(ResolverFaults, a_nameserver_that_dies_amid_a_question_leaves_it_to_the_next_one) {
    run_clean([]() -> Coro<void> {
        std::optional<Nameserver> dying;
        dying.emplace(co_await Nameserver::start([](const DnsQuery&) { return Answers(); }));
        const Nameserver second =
            co_await Nameserver::start([](const DnsQuery& query) { return Answers{truth(query)}; });
        const Resolver resolver(options_for({dying->address(), second.address()}, some_time));
        const auto asking = create_task(ask(resolver, "a.example"));
        while (dying->asked().empty()) co_await spin();
        dying.reset();
        EXPECT_EQ(co_await asking, "true");
    }());
}

TEST(ResolverFaults, a_nameserver_that_cannot_answer_leaves_it_to_the_next_one) {
    run_clean([]() -> Coro<void> {
        for (const int code : {2, 4, 5}) {  // SERVFAIL, NOTIMP, REFUSED
            const Nameserver first = co_await Nameserver::start([code](const DnsQuery& query) {
                return Answers{DnsReply(query).code(code).bytes()};
            });
            const Nameserver second = co_await Nameserver::start(
                [](const DnsQuery& query) { return Answers{truth(query)}; });
            const Resolver both(options_for({first.address(), second.address()}, patience));
            EXPECT_EQ(co_await ask(both, "a.example"), "true") << code;
            const Resolver alone(options_for({first.address()}, patience));
            EXPECT_NE(co_await ask(alone, "a.example"), "true") << code;
        }
    }());
}

// Goal:   any broken answer ends the question, and none of them becomes a wrong answer.
// Method: an answer that was cut, or has one byte changed, at each place; the truth is not changed
//         where it stands.
TEST(ResolverFaults, a_broken_answer_is_no_wrong_one) {
    run_clean([]() -> Coro<void> {
        std::size_t at = 0;
        bool cut = false;
        const Nameserver server = co_await Nameserver::start([&](const DnsQuery& query) {
            Bytes answer = truth(query);
            if (cut) {
                answer.resize(at % answer.size());
            } else if (at % answer.size() < answer.size() - 4) {
                answer[at % answer.size()] = static_cast<char>(answer[at % answer.size()] ^ 0xff);
            }
            return Answers{answer};
        });
        ResolverOptions options = options_for({server.address()});
        options.timeout = 20ms;
        options.attempts = 1;
        const Resolver resolver(std::move(options));
        for (at = 0; at < 55; ++at) {
            for (const bool cuts : {true, false}) {
                cut = cuts;
                co_await ask(resolver, "a.example");
            }
        }
    }());
}

}  // namespace
}  // namespace weft

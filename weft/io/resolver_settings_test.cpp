// SPDX-License-Identifier: Apache-2.0
// Goal:   what a Resolver has learnt from the nameservers of one resolv.conf it does not say when
//         there is another one; and it takes no settings from whoever may not give any.
// Method: this program's own stat(2), fopen(3), connect(2) and secure_getenv(3). There is no
//         resolv.conf, so that c-ares asks at port 53 of this machine, which is the test's nameserver.
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/io/nameserver_test.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view settings = "/etc/resolv.conf";
struct stat settings_status{};
int port_of_nameserver = 0;
bool has_more_rights = false;  // than whoever has started it

template <class Function>
Function* libc(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// In a namespace they are the same functions: their linkage is C's.
extern "C" {

int stat(const char* path, struct stat* found) noexcept {
    static const auto real = libc<decltype(::stat)>("stat");
    if (path != settings) return real(path, found);
    *found = settings_status;
    return 0;
}

FILE* fopen(const char* path, const char* mode) {
    static const auto real = libc<decltype(::fopen)>("fopen");
    if (path != settings) return real(path, mode);
    errno = ENOENT;
    return nullptr;
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    static const auto real = libc<decltype(::connect)>("connect");
    const auto* to = reinterpret_cast<const sockaddr_in*>(address);
    if (to->sin_family != AF_INET || to->sin_port != htons(53)) return real(fd, address, size);
    sockaddr_in nameserver = *to;
    nameserver.sin_port = htons(static_cast<in_port_t>(port_of_nameserver));
    return real(fd, reinterpret_cast<const sockaddr*>(&nameserver), sizeof nameserver);
}

char* secure_getenv(const char* name) noexcept {
    return has_more_rights ? nullptr : ::getenv(name);
}

}  // extern "C"

namespace {

std::vector<Bytes> one_address(const DnsQuery& query) {
    DnsReply reply(query);
    if (query.type == record_a) reply.address("192.0.2.1");
    return {reply.bytes()};
}

Coro<Nameserver> start_nameserver(Nameserver::Answer answer = one_address) {
    Nameserver server = co_await Nameserver::start(std::move(answer));
    port_of_nameserver = server.address().port();
    co_return server;
}

TEST(ResolverSettings, that_have_changed_make_it_forget_what_it_has_learnt) {
    run_clean([]() -> Coro<void> {
        const Nameserver server = co_await start_nameserver();
        const Resolver resolver({.timeout = 5s, .attempts = 1});
        co_await resolver.getaddrinfo("a.example", 80);
        std::size_t questions = 2;  // A and AAAA
        EXPECT_EQ(server.asked().size(), questions);
        int names = 0;
        const auto learns_again = [&]() -> Coro<void> {
            // The next question finds it out.
            co_await resolver.getaddrinfo(std::to_string(++names) + ".example", 80);
            co_await resolver.getaddrinfo("a.example", 80);
            EXPECT_EQ(server.asked().size(), questions += 4) << names;
            co_await resolver.getaddrinfo("a.example", 80);
            EXPECT_EQ(server.asked().size(), questions) << names;
        };
        ++settings_status.st_ino;
        co_await learns_again();
        ++settings_status.st_size;
        co_await learns_again();
        ++settings_status.st_mtim.tv_sec;
        co_await learns_again();
        ++settings_status.st_mtim.tv_nsec;
        co_await learns_again();
        // Nothing has changed.
        co_await resolver.getaddrinfo("another.example", 80);
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_EQ(server.asked().size(), questions + 2);
    }());
}

// The first queries are lost, so that the question lasts until it is asked again.
TEST(ResolverSettings, that_change_meanwhile_leave_a_question_its_answer) {
    run_clean([]() -> Coro<void> {
        int lost = 0;
        bool loses = true;
        const Nameserver server = co_await start_nameserver([&](const DnsQuery& query) {
            if (query.name != "slow.example" || query.type != record_a || !loses) {
                return one_address(query);
            }
            ++lost;
            return std::vector<Bytes>();
        });
        const Resolver resolver({.timeout = 200ms, .attempts = 5});
        const auto slow = create_task(resolver.getaddrinfo("slow.example", 80));
        while (lost == 0) co_await testing::spin();
        ++settings_status.st_size;
        co_await resolver.getaddrinfo("a.example", 80);
        EXPECT_FALSE(slow.done());
        loses = false;
        EXPECT_EQ((co_await slow).size(), 1u);
    }());
}

TEST(ResolverSettings, that_a_program_with_more_rights_is_given_do_not_count) {
    const std::string file = "/tmp/weft_resolver_settings_test_" + std::to_string(::getpid());
    std::ofstream(file) << "192.0.2.77 known.example\n";
    ::setenv("CARES_HOSTS", file.c_str(), 1);
    for (const bool has_more : {false, true}) {
        has_more_rights = has_more;
        run_clean([](bool asks) -> Coro<void> {
            const Nameserver server = co_await start_nameserver();
            const Resolver resolver({.timeout = 5s, .attempts = 1});
            const auto found = co_await resolver.getaddrinfo("known.example", 80);
            EXPECT_EQ(found.at(0).host(), asks ? "192.0.2.1" : "192.0.2.77");
            EXPECT_EQ(server.asked().empty(), !asks);
        }(has_more));
    }
    has_more_rights = false;
    ::unsetenv("CARES_HOSTS");
    ::unlink(file.c_str());
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// tests/conformance/name_cases.cpp - NET: a name with two addresses. Where the probes replace
// loop.getaddrinfo, a nameserver answers here.
#include "cases.hpp"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/io/nameserver_test.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/streams.hpp>

namespace conformance {
namespace {

Coro<Nameserver> gai() {
    co_return co_await Nameserver::start([](const DnsQuery& query) {
        DnsReply reply(query);
        if (query.type == record_a) reply.address("127.0.0.1").address("127.0.0.2");
        return std::vector{reply.bytes()};
    });
}

const Case net_01("NET-01-multi-addr-errors", real_time, []() -> Coro<Json> {
    Socket s(af_inet);
    s.bind({"0.0.0.0", 0});
    const int p = s.getsockname().port();  // nobody listens, and nobody else can
    const Nameserver names = co_await gai();
    Json::List o;
    try {
        co_await open_connection("x.example", p, {.resolver = Resolver(names.options())});
    } catch (const OSError& e) {
        o.emplace_back(en().text().substr(0, 50));
        o.emplace_back(type_name(e.cause()));
    }
    co_return o;
});

// connect(2) returns before the last packet of the handshake has come to who listens.
bool has_one_in_queue(const Socket& listener) {
    tcp_info info{};
    socklen_t length = sizeof info;
    return getsockopt(listener.fileno(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           info.tcpi_unacked == 1;
}

const Case net_03("NET-03-sock-connect-hang-no-he", real_time, []() -> Coro<Json> {
    Socket deaf(af_inet);  // its queue is full: who connects waits
    deaf.bind({"127.0.0.1", 0});
    deaf.listen(0);
    const SocketAddress address = deaf.getsockname();
    Socket in_the_queue(af_inet);
    co_await sock_connect((in_the_queue.setblocking(false), in_the_queue), address);
    while (!has_one_in_queue(deaf)) co_await sleep(0s);
    const Nameserver names = co_await gai();
    const Resolver resolver(names.options());
    co_await resolver.getaddrinfo("x.example", 1);
    co_return co_await tr(
        wait_for(open_connection("x.example", address.port(),
                                 {.resolver = resolver, .happy_eyeballs_delay = std::nullopt}),
                 50ms));
});

}  // namespace
}  // namespace conformance

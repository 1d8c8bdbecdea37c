// SPDX-License-Identifier: Apache-2.0
// tests/conformance/tls_cases.cpp - TLS: protected streams.
#include <thread>

#include "cases.hpp"
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/testing/certificates.hpp>
#include <weft/tls/ssl_context.hpp>

namespace conformance {
namespace {

weft::testing::CertificateAuthority& pair() {
    static weft::testing::CertificateAuthority one;
    return one;
}
ssl::SSLContext sctx() {
    const ssl::SSLContext c(ssl::Protocol::tls_server);
    const auto files = pair().issue({.names = {"localhost"}});
    c.load_cert_chain(files.certificate, files.key);
    return c;
}
ssl::SSLContext cctx() {
    return ssl::create_default_context(ssl::Purpose::server_auth, {.cafile = pair().certificate()});
}

Coro<> echo_h(StreamReader rd, StreamWriter wr) {
    for (;;) {
        const auto d = co_await as_result(rd.readline());
        if (!d || d->empty()) break;
        wr.write(*d);
        co_await wr.drain();
    }
    wr.close();
}
int port_of(const Server& server) { return server.sockets()[0].getsockname().port(); }
Coro<Server> srv(ClientConnected h, StreamSecurity security = nullptr) {
    co_return co_await start_server(std::move(h), "127.0.0.1", 0, {.ssl = std::move(security)});
}

// Of "Type:some text: more" what is before the colon of that number.
std::string before_colon(const Json& outcome, int number) {
    const std::string& text = outcome[1].text();
    std::size_t end = 0;
    for (std::size_t at = 0; number > 0 && end != std::string::npos; --number, at = end + 1) {
        end = text.find(':', at);
    }
    return text.substr(0, end);
}

const Case tls_01("TLS-01-echo-verified", real_time, []() -> Coro<Json> {
    Server s = co_await srv(echo_h, sctx());
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s),
                                             {.ssl = cctx(), .server_hostname = "localhost"});
    wr.write("hi\n");
    co_await wr.drain();
    Json::List o;
    o.emplace_back(co_await rd.readline());
    o.emplace_back(wr.can_write_eof());
    o.emplace_back(wr.ssl_object() != nullptr);
    wr.close();
    s.close();
    co_return o;
});

const Case tls_02("TLS-02-default-verifies", real_time, []() -> Coro<Json> {
    Server s = co_await srv(echo_h, sctx());
    const Json r = co_await tr(
        open_connection("127.0.0.1", port_of(s),
                        {.ssl = ssl::create_default_context(), .server_hostname = "localhost"}));
    s.close();
    co_return before_colon(r, 1);
});

const Case tls_03("TLS-03-hostname-mismatch", real_time, []() -> Coro<Json> {
    Server s = co_await srv(echo_h, sctx());
    const Json r = co_await tr(open_connection("127.0.0.1", port_of(s),
                                               {.ssl = cctx(), .server_hostname = "evil.example"}));
    s.close();
    co_return list(before_colon(r, 1));
});

const Case tls_04("TLS-04-start-tls", real_time, []() -> Coro<Json> {
    auto h = [](StreamReader rd, StreamWriter wr) -> Coro<> {
        co_await rd.readline();
        wr.write("OK\n");
        co_await wr.drain();
        co_await wr.start_tls(sctx());
        const Bytes d = co_await rd.readline();
        wr.write("secure " + d);
        co_await wr.drain();
        wr.close();
    };
    Server s = co_await srv(h);
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s));
    wr.write("STARTTLS\n");
    Json::List o;
    o.emplace_back(co_await rd.readline());
    co_await wr.start_tls(cctx(), {.server_hostname = "localhost"});
    wr.write("x\n");
    co_await wr.drain();
    o.emplace_back(co_await rd.readline());
    wr.close();
    s.close();
    co_return o;
});

const Case tls_05("TLS-05-handshake-timeout", real_time, []() -> Coro<Json> {
    auto h = [](StreamReader, StreamWriter wr) -> Coro<> {
        co_await sleep(1s);
        wr.close();
    };
    Server s = co_await srv(h);
    const Json r = co_await tr(open_connection(
        "127.0.0.1", port_of(s),
        {.ssl = cctx(), .server_hostname = "localhost", .ssl_handshake_timeout = 50ms}));
    s.close();
    const std::string type = before_colon(r, 1);
    co_return list(type, before_colon(r, 2).substr(type.size() + 1));
});

// The peer is a layer without a stream, which sends what it has to say and is gone.
const Case tls_06("TLS-06-truncation-no-close-notify", real_time, []() -> Coro<Json> {
    auto [a, b] = Socket::socketpair();
    b.setblocking(true);
    std::thread t([peer = std::move(b)] {
        const auto layer = StreamSecurity(sctx())->server_layer();
        Bytes data(4096, ' ');
        const auto send = [&] {
            const Bytes out = std::exchange(layer->outgoing(), {});
            static_cast<void>(::send(peer.fileno(), out.data(), out.size(), MSG_NOSIGNAL));
        };
        while (!layer->is_established()) {
            const ssize_t count = ::recv(peer.fileno(), data.data(), data.size(), 0);
            if (count <= 0) return;
            Bytes text;
            layer->decrypt({data.data(), static_cast<std::size_t>(count)}, text);
            send();
        }
        layer->encrypt("part");
        send();
    });
    auto [rd, wr] =
        co_await open_connection(std::move(a), {.ssl = cctx(), .server_hostname = "localhost"});
    const Json r = co_await tr(rd.read());
    t.join();
    wr.close();
    co_return r;
});

}  // namespace
}  // namespace conformance

// SPDX-License-Identifier: Apache-2.0
// tests/conformance/stream_cases.cpp - STR: streams. UDP: datagrams.
#include "cases.hpp"

#include <weft/base/bytes.hpp>
#include <weft/io/datagrams.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>

namespace conformance {
namespace {

class NotingTransport final : public ReadTransport {
public:
    void pause_reading() noexcept override { l("pause"); }
    void resume_reading() noexcept override { l("resume"); }
    void reader_is_gone() noexcept override {}
    Trace l;
};

const Case str_01("STR-01-read", []() -> Coro<Json> {
    StreamReader r;
    r.feed_data("abc");
    Json::List o;
    for (const int n : {0, 2, 10}) o.emplace_back(co_await r.read(n));
    r.feed_data("xy");
    r.feed_eof();
    o.emplace_back(r.at_eof());
    o.emplace_back(co_await r.read());
    o.emplace_back(r.at_eof());
    o.emplace_back(co_await r.read(1));
    co_return o;
});

const Case str_02("STR-02-readline", []() -> Coro<Json> {
    StreamReader r;
    r.feed_data("one\ntwo");
    r.feed_eof();
    Json::List o;
    for (int i = 0; i < 3; ++i) o.emplace_back(co_await r.readline());
    co_return o;
});

const Case str_03("STR-03-readline-limit", []() -> Coro<Json> {
    Json::List o;
    for (const char* data : {"123456\nok\n", "123456"}) {
        StreamReader r(3);
        r.feed_data(data);
        o.emplace_back(co_await tr(r.readline()));
        o.emplace_back(r.buffered());
    }
    co_return o;
});

const Case str_04("STR-04-readuntil-eof", []() -> Coro<Json> {
    StreamReader r;
    r.feed_data("partial");
    r.feed_eof();
    try {
        co_await r.readuntil("\r\n");
    } catch (const IncompleteReadError& e) {
        const Json expected = e.expected() ? Json(*e.expected()) : Json();
        const bool is_eof_error = dynamic_cast<const EOFError*>(&e) != nullptr;
        co_return list(e.partial(), expected, r.buffered().size(), is_eof_error);
    }
    co_return "no error";
});

const Case str_06("STR-06-readuntil-split", []() -> Coro<Json> {
    StreamReader r;
    Task<Bytes> k = create_task(r.readuntil("SEP"));
    co_await spin();
    r.feed_data("abcSE");
    co_await spin(2);
    const bool d = k.done();
    r.feed_data("Prest");
    const Bytes found = co_await k;
    const Json rest = r.buffered();
    co_return list(d, found, rest, co_await tr(r.readuntil("")));
});

const Case str_07("STR-07-readexactly", []() -> Coro<Json> {
    StreamReader r(3);
    r.feed_data("0123456789");
    Json::List o;
    o.emplace_back(co_await r.readexactly(8));
    r.feed_eof();
    try {
        co_await r.readexactly(5);
    } catch (const IncompleteReadError& e) {
        o.push_back(list(e.partial(), e.expected().value()));
    }
    o.emplace_back(co_await tr(r.readexactly(-1)));
    o.emplace_back(co_await r.readexactly(0));
    co_return o;
});

const Case str_08("STR-08-concurrent-readers", []() -> Coro<Json> {
    StreamReader r;
    Task<Bytes> k = create_task(r.read(1));
    co_await spin();
    const Json o = co_await tr(r.read(1));
    k.cancel();
    co_return o;
});

const Case str_09("STR-09-pause-resume", []() -> Coro<Json> {
    StreamReader r(4);
    NotingTransport t;
    r.set_transport(&t);
    Json::List o;
    r.feed_data("xxxxxxxx");
    o.emplace_back(t.l);
    r.feed_data("x");
    o.emplace_back(t.l);
    co_await r.read(4);
    o.emplace_back(t.l);
    co_await r.read(1);
    o.emplace_back(t.l);
    co_return o;
});

const Case str_10("STR-10-exception-over-data", []() -> Coro<Json> {
    StreamReader r;
    r.feed_data("buffered");
    r.set_exception(std::make_exception_ptr(ConnectionResetError("rst")));
    co_return co_await tr(r.read(3));
});

int port_of(const Server& s) { return s.sockets()[0].getsockname().port(); }

const Case str_12("STR-12-server-echo-drain", real_time, []() -> Coro<Json> {
    auto h = [](StreamReader rd, StreamWriter wr) -> Coro<> {
        const Bytes d = co_await rd.readline();
        wr.write(d);
        co_await wr.drain();
        wr.close();
        co_await wr.wait_closed();
    };
    Server s = co_await start_server(h, "127.0.0.1", 0);
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s));
    wr.write("hi\n");
    co_await wr.drain();
    const Bytes d = co_await rd.read();
    wr.close();
    co_await wr.wait_closed();
    s.close();
    co_await s.wait_closed();
    co_return d;
});

const Case str_13("STR-13-backpressure", real_time, []() -> Coro<Json> {
    auto [a, b] = Socket::socketpair();
    auto [rd, wr] = co_await open_connection(std::move(a));
    b.setblocking(false);
    const auto [low, high] = wr.get_write_buffer_limits();
    wr.write(Bytes(1 << 22, 'x'));
    Task<> k = create_task(wr.drain());
    co_await sleep(10ms);
    Json::List o;
    o.push_back(list(low, high));
    o.emplace_back(k.done());
    std::size_t n = 0;
    while (n < 1 << 22) {
        const Bytes some = co_await sock_recv(b, 1 << 20);
        n += some.size();
    }
    co_await k;
    o.emplace_back(k.done());
    k = create_task(wr.drain());
    co_await spin();
    o.emplace_back(k.done());
    wr.close();
    b.close();
    co_return o;
});

const Case str_14("STR-14-drain-after-lost", real_time, []() -> Coro<Json> {
    auto [a, b] = Socket::socketpair();
    auto [rd, wr] = co_await open_connection(std::move(a));
    b.close();
    Json::List o;
    for (int i = 0; i < 5 && o.empty(); ++i) {
        try {
            wr.write(Bytes(10, 'x'));
            co_await wr.drain();
            co_await sleep(2ms);
        } catch (const OSError&) {
            o.emplace_back(type_name());
        }
    }
    wr.close();
    co_return o;
});

const Case str_15("STR-15-cb-exception", real_time, []() -> Coro<Json> {
    Trace t;
    get_running_loop().set_exception_handler(
        [t](EventLoop&, const ExceptionContext& c) { t(c.message, en(c.exception)); });
    auto h = [](StreamReader, StreamWriter) -> Coro<> {
        throw ValueError("handler");
        co_return;
    };
    Server s = co_await start_server(h, "127.0.0.1", 0);
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s));
    const Bytes d = co_await rd.read();
    wr.close();
    s.close();
    co_return list(t, d);
});

const Case str_16("STR-16-unclosed-writer", debug_in_real_time, []() -> Coro<Json> {
    const LogCapture w;
    auto [a, b] = Socket::socketpair();
    {
        auto [rd, wr] = co_await open_connection(std::move(a));
    }
    co_await spin(2);
    Json::List o;
    for (const auto& x : w.entries()) {
        // Python's ResourceWarning is what weft logs as a warning.
        if (x.text.starts_with("unclosed StreamWriter") && x.level == LogLevel::warning) {
            o.emplace_back("ResourceWarning");
        }
    }
    co_return o;
});

const Case str_17("STR-17-server-close-waits-clients", real_time, []() -> Coro<Json> {
    auto h = [](StreamReader rd, StreamWriter wr) -> Coro<> {
        co_await rd.read();
        wr.close();
    };
    Server s = co_await start_server(h, "127.0.0.1", 0);
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s));
    co_await sleep(5ms);
    s.close();
    Task<> k = create_task(s.wait_closed());
    co_await sleep(10ms);
    Json::List o;
    o.emplace_back(k.done());
    wr.close();
    co_await wait_for(k, 1s);
    o.emplace_back(k.done());
    co_return o;
});

const Case str_18("STR-18-close-clients", real_time, []() -> Coro<Json> {
    auto h = [](StreamReader rd, StreamWriter wr) -> Coro<> {
        co_await rd.read();
        wr.close();
    };
    Server s = co_await start_server(h, "127.0.0.1", 0);
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s));
    co_await sleep(5ms);
    s.close();
    s.close_clients();
    const Bytes d = co_await rd.read();
    wr.close();
    co_await wait_for(s.wait_closed(), 1s);
    co_return d;
});

const Case str_19("STR-19-write-eof-half-close", real_time, []() -> Coro<Json> {
    auto h = [](StreamReader rd, StreamWriter wr) -> Coro<> {
        const Bytes d = co_await rd.read();
        wr.write("got" + d);
        co_await wr.drain();
        wr.close();
    };
    Server s = co_await start_server(h, "127.0.0.1", 0);
    auto [rd, wr] = co_await open_connection("127.0.0.1", port_of(s));
    wr.write("X");
    wr.write_eof();
    const Bytes d = co_await rd.read();
    wr.close();
    s.close();
    co_return d;
});

const Case str_21("STR-21-aiter", []() -> Coro<Json> {
    StreamReader r;
    r.feed_data("a\nb\nc");
    r.feed_eof();
    Json::List o;
    while (const auto l = co_await r.next()) o.emplace_back(*l);
    co_return o;
});

const Case str_22("STR-22-set-write-limits-zero", real_time, []() -> Coro<Json> {
    auto [a, b] = Socket::socketpair();
    auto [rd, wr] = co_await open_connection(std::move(a));
    wr.set_write_buffer_limits({.high = 0});
    const auto [low, high] = wr.get_write_buffer_limits();
    wr.write("x");
    Task<> k = create_task(wr.drain());
    co_await spin();
    const bool done = k.done();
    wr.close();
    b.close();
    co_return list(list(low, high), done);
});

const Case str_24("STR-24-conn-refused", real_time, []() -> Coro<Json> {
    Socket s;
    s.bind({"127.0.0.1", 0});
    const int p = s.getsockname().port();  // nobody listens, and nobody else can
    const Json r = co_await tr(open_connection("127.0.0.1", p));
    const std::string& text = r[1].text();
    co_return text.substr(0, text.find(':'));
});

const Case str_25("STR-25-write-after-close", real_time, []() -> Coro<Json> {
    auto [a, b] = Socket::socketpair();
    auto [rd, wr] = co_await open_connection(std::move(a));
    wr.close();
    Json::List o;
    o.emplace_back(wr.is_closing());
    wr.write("x");
    o.emplace_back("no raise");
    o.emplace_back(co_await tr(wr.drain()));
    b.close();
    co_return o;
});

const Case udp_01("UDP-01", real_time, []() -> Coro<Json> {
    DatagramEndpoint t =
        co_await create_datagram_endpoint({.local_addr = SocketAddress("127.0.0.1", 0)});
    DatagramEndpoint c = co_await create_datagram_endpoint({.remote_addr = t.getsockname()});
    co_await c.sendto("dg");
    const auto [d, a] = co_await t.recvfrom();
    t.close();
    c.close();
    co_return d;
});

}  // namespace
}  // namespace conformance

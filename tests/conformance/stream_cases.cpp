// SPDX-License-Identifier: Apache-2.0
// tests/conformance/stream_cases.cpp - STR: streams.
#include "cases.hpp"

#include <weft/io/exceptions.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/io/stream_reader.hpp>

namespace conformance {
namespace {

class NotingTransport final : public ReadTransport {
public:
    void pause_reading() noexcept override { l("pause"); }
    void resume_reading() noexcept override { l("resume"); }
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

const Case str_21("STR-21-aiter", []() -> Coro<Json> {
    StreamReader r;
    r.feed_data("a\nb\nc");
    r.feed_eof();
    Json::List o;
    while (const auto l = co_await r.next()) o.emplace_back(*l);
    co_return o;
});

}  // namespace
}  // namespace conformance

// SPDX-License-Identifier: Apache-2.0
// Fetches URLs over one session, one after the other or all at once, and says what came of each.
// usage: fetcher [--together yes] [--http2 never|prior] [--cafile FILE] [--unix PATH] [--proxy URL] [--digest LOGIN:PASSWORD]
//                [--post BYTES [--pieces SIZE] [--expect yes]] URL…
//
// With `--pieces` the body comes from a generator, its length unknown.
// For each a line "STATUS BYTES CRC32 URL", of the body and of where it came from in the end, or the
// error.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/digest_auth.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/url.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/tls/ssl_context.hpp>

namespace {

using weft::Bytes;
using weft::Coro;
using namespace weft::http;

struct Orders {
    bool together = false;
    Http2 http2 = Http2::by_alpn;
    std::optional<std::string> cafile;
    std::optional<std::string> unix_path;
    std::optional<std::string> proxy;
    std::optional<std::string> digest;
    std::optional<Bytes> post;
    std::optional<std::size_t> pieces;
    bool expect = false;
    std::vector<std::string> urls;
};

// That of pattern.hpp.
Bytes pattern(std::size_t count) {
    Bytes bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i % 251);
    return bytes;
}

Orders read_orders(int argc, char** argv) {
    Orders orders;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (!argument.starts_with("--")) {
            orders.urls.emplace_back(argument);
        } else if (i + 1 == argc) {
            std::exit(2);
        } else if (argument == "--cafile") {
            orders.cafile = argv[++i];
        } else if (argument == "--together") {
            orders.together = std::string_view(argv[++i]) == "yes";
        } else if (argument == "--http2") {
            orders.http2 =
                std::string_view(argv[++i]) == "prior" ? Http2::prior_knowledge : Http2::never;
        } else if (argument == "--unix") {
            orders.unix_path = argv[++i];
        } else if (argument == "--proxy") {
            orders.proxy = argv[++i];
        } else if (argument == "--post") {
            orders.post = pattern(std::strtoul(argv[++i], nullptr, 10));
        } else if (argument == "--pieces") {
            orders.pieces = std::strtoul(argv[++i], nullptr, 10);
        } else if (argument == "--expect") {
            orders.expect = std::string_view(argv[++i]) == "yes";
        } else if (argument == "--digest") {
            orders.digest = argv[++i];
        } else {
            std::exit(2);
        }
    }
    return orders;
}

SessionOptions session_options(const Orders& orders) {
    SessionOptions options;
    options.connector = TCPConnector({{.http2 = orders.http2}});
    if (orders.unix_path) options.connector = UnixConnector(*orders.unix_path);
    if (orders.cafile) {
        const auto context = weft::ssl::create_default_context(weft::ssl::Purpose::server_auth,
                                                               {.cafile = *orders.cafile});
        options.connector = TCPConnector({{.ssl = context, .http2 = orders.http2}});
    }
    if (orders.proxy) options.proxy = Proxy{.url = URL(*orders.proxy)};
    if (orders.digest) {
        const std::size_t colon = orders.digest->find(':');
        options.middlewares.emplace_back(DigestAuthMiddleware(orders.digest->substr(0, colon),
                                                              orders.digest->substr(colon + 1)));
    }
    return options;
}

weft::AsyncGenerator<Bytes> in_pieces(Bytes all, std::size_t size) {
    for (std::size_t at = 0; at < all.size(); at += size) co_yield all.substr(at, size);
}

RequestBuilder request_for(const ClientSession& session, const std::string& url,
                           const Orders& orders) {
    if (!orders.post) return session.get(url);
    const Bytes& body = *orders.post;
    const std::size_t size = orders.pieces.value_or(0);
    const auto again = [&body, size] [[clang::coro_wrapper]] { return in_pieces(body, size); };
    return session.post(url)
        .data(orders.pieces ? Payload::repeatable(again) : Payload(body))
        .expect100(orders.expect);
}

Coro<std::string> fetch(const ClientSession& session, const std::string& url,
                        const Orders& orders) {
    auto response = co_await request_for(session, url, orders);
    const Bytes& body = co_await response.read();
    const auto sum = ::crc32(0, reinterpret_cast<const unsigned char*>(body.data()),
                             static_cast<unsigned>(body.size()));
    co_return std::to_string(response.status()) + " " + std::to_string(body.size()) + " " +
        std::to_string(sum) + " " + response.url().to_string();
}

Coro<void> fetch_all(Orders orders) {
    // How long a body takes says how busy the machine is: nothing to report.
    weft::get_running_loop().slow_callback_duration = weft::Nanoseconds::zero();
    ClientSession session(session_options(orders));
    const auto tell = [&](const std::string& url) -> Coro<std::string> {
        const auto line = co_await weft::as_result(fetch(session, url, orders));
        co_return line ? *line : weft::describe(line.error());
    };
    std::vector<std::string> lines;
    if (orders.together) {
        std::vector<Coro<std::string>> all;
        for (const std::string& url : orders.urls) all.push_back(tell(url));
        lines = co_await weft::gather(std::move(all));
    } else {
        for (const std::string& url : orders.urls) lines.push_back(co_await tell(url));
    }
    for (const std::string& line : lines) std::puts(line.c_str());
    co_await session.close();
}

}  // namespace

int main(int argc, char** argv) { return weft::main_of(fetch_all, read_orders(argc, argv)); }

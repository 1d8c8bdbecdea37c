// SPDX-License-Identifier: Apache-2.0
// Fetches URLs, one after the other over one session, and says what came of each.
// usage: fetcher [--cafile FILE] [--unix PATH] [--proxy URL] [--post BYTES] URL…
//
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
#include <weft/http/client/connector.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/url.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/tls/ssl_context.hpp>

namespace {

using weft::Bytes;
using weft::Coro;
using namespace weft::http;

struct Orders {
    std::optional<std::string> cafile;
    std::optional<std::string> unix_path;
    std::optional<std::string> proxy;
    std::optional<std::size_t> post;
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
        } else if (argument == "--unix") {
            orders.unix_path = argv[++i];
        } else if (argument == "--proxy") {
            orders.proxy = argv[++i];
        } else if (argument == "--post") {
            orders.post = std::strtoul(argv[++i], nullptr, 10);
        } else {
            std::exit(2);
        }
    }
    return orders;
}

SessionOptions session_options(const Orders& orders) {
    SessionOptions options;
    if (orders.unix_path) options.connector = UnixConnector(*orders.unix_path);
    if (orders.cafile) {
        const auto context = weft::ssl::create_default_context(weft::ssl::Purpose::server_auth,
                                                               {.cafile = *orders.cafile});
        options.connector = TCPConnector({{.ssl = context}});
    }
    if (orders.proxy) options.proxy = Proxy{.url = URL(*orders.proxy)};
    return options;
}

Coro<std::string> fetch(ClientSession& session, const std::string& url,
                        std::optional<std::size_t> post) {
    auto request = post ? session.post(url).data(pattern(*post)) : session.get(url);
    auto response = co_await std::move(request);
    const Bytes& body = co_await response.read();
    const auto sum = ::crc32(0, reinterpret_cast<const unsigned char*>(body.data()),
                             static_cast<unsigned>(body.size()));
    co_return std::to_string(response.status()) + " " + std::to_string(body.size()) + " " +
        std::to_string(sum) + " " + response.url().to_string();
}

Coro<void> fetch_all(Orders orders) {
    ClientSession session(session_options(orders));
    for (const std::string& url : orders.urls) {
        const auto line = co_await weft::as_result(fetch(session, url, orders.post));
        std::puts((line ? *line : weft::describe(line.error())).c_str());
    }
    co_await session.close();
}

}  // namespace

int main(int argc, char** argv) { return weft::main_of(fetch_all, read_orders(argc, argv)); }

// SPDX-License-Identifier: Apache-2.0
// Fetches URLs at once, ten at a time, and prints how long the pages are.
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/session.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/semaphore.hpp>

using weft::Coro;
namespace http = weft::http;

Coro<std::string> fetch(http::ClientSession& session, std::string url, weft::Semaphore& permits) {
    const auto permit = co_await permits.scoped();
    try {
        auto response = co_await session.get(url);
        response.raise_for_status();
        const weft::Bytes& page = co_await response.read();
        co_return fmt::format("{} bytes", page.size());
    } catch (const http::ClientResponseError& error) {
        co_return fmt::format("failed with {}", error.status());
    } catch (const http::ClientConnectorError&) {
        co_return "nobody answers";
    }
}

Coro<void> async_main(const std::vector<std::string>& urls) {
    weft::Semaphore permits(10);
    http::ClientSession session;
    std::vector<Coro<std::string>> calls;
    for (const std::string& url : urls) calls.push_back(fetch(session, url, permits));
    const auto results = co_await weft::gather(std::move(calls));
    co_await session.close();
    for (std::size_t i = 0; i < urls.size(); ++i) {
        fmt::print("{}: {}\n", urls[i], results[i]);
    }
}

int main(int argc, char** argv) {
    return weft::main_of(async_main, std::vector<std::string>(argv + 1, argv + argc));
}

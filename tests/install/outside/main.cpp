// SPDX-License-Identifier: Apache-2.0
// One piece of each library: the loop on a real system, tasks, timers and threads; a URL; a session.
#include <chrono>
#include <cstdio>
#include <string>

#include <weft/asyncio.hpp>
#include <weft/cpu/spawn_cpu.hpp>
#include <weft/http.hpp>

namespace {

weft::Coro<int> later(int value) {
    co_await weft::sleep(std::chrono::milliseconds(1));
    co_return value;
}

weft::Coro<int> fetch(std::string url) {
    namespace http = weft::http;
    const http::MockTransport server(
        [](const http::ClientRequest&) -> weft::Coro<http::MockResponse> {
            co_return http::MockResponse{.headers = {{"Content-Type", "application/json"}},
                                         .body = "5"};
        });
    http::ClientSession session({.middlewares = {server}});
    const int value = co_await session.get(url).json<int>();
    co_await session.close();
    co_return value;
}

weft::Coro<int> async_main() {
    const auto [one, two] = co_await weft::gather(later(1), later(2));
    const int three = co_await weft::to_thread([] { return 3; });
    const int four = co_await weft::spawn_cpu([] { return 4; });
    const weft::http::URL url("https://faß.de/");
    const int five = co_await fetch(url.to_string());
    std::printf("an outside project runs with weft: %d %d %d %d %d %s\n", one, two, three, four,
                five, url.to_string().c_str());
    const bool right = one == 1 && two == 2 && three == 3 && four == 4 && five == 5 &&
                       url.raw_host() == "xn--fa-hia.de";
    co_return right ? 0 : 1;
}

}  // namespace

int main() { return weft::main_of(async_main); }

// SPDX-License-Identifier: Apache-2.0
// Fetches URLs in a task group: the first one that fails ends the others.
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <fmt/core.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client_error.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

using namespace std::chrono_literals;
using weft::Coro;
namespace http = weft::http;
using Counts = std::map<std::string, std::size_t>;

Coro<void> count(http::ClientSession& session, std::string url, Counts& counts) {
    auto response = co_await session.get(url);
    response.raise_for_status();
    const weft::Bytes& page = co_await response.read();
    counts[url] = page.size();
}

Coro<Counts> count_all(const std::vector<std::string>& urls) {
    Counts counts;
    http::ClientSession session;
    co_await weft::timeout(30s, [&]() -> Coro<void> {
        co_await weft::TaskGroup::scope([&](weft::TaskGroup& group) {
            for (const std::string& url : urls) group.create_task(count(session, url, counts));
        });
    });
    co_await session.close();
    co_return counts;
}

Coro<void> async_main(const std::vector<std::string>& urls) {
    try {
        std::size_t bytes = 0;
        const Counts counts = co_await count_all(urls);
        for (const auto& [url, size] : counts) bytes += size;
        fmt::print("{} bytes in {} pages\n", bytes, counts.size());
    } catch (const weft::ExceptionGroup& group) {
        auto report = [](const weft::ExceptionGroup& errors) {
            fmt::print("{} failed, and so have all\n", errors.exceptions().size());
        };
        except_group(group, weft::on<http::ClientError>(report));
    }
}

int main(int argc, char** argv) {
    return weft::main_of(async_main, std::vector<std::string>(argv + 1, argv + argc));
}

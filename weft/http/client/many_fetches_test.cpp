// SPDX-License-Identifier: Apache-2.0
// Goal:   of ten thousand fetches at once from a server that misbehaves, each ends with its own
//         result or with the error that is named after what was done to it, and memory is bounded.
// Method: what the server does depends on the number in the URL alone. The counts must add up.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using Counts = std::map<std::string, int>;

constexpr int fetches = 10'000;
constexpr int stalls_each = 250;
// Of memory for each, at both ends: its coroutines, unoptimized here, and its turn to wait. AddressSanitizer
// keeps what is freed.
#if __has_feature(address_sanitizer)
constexpr long kilobytes_each_max = 64;
#else
constexpr long kilobytes_each_max = 16;
#endif

// What becomes of the fetch of this number.
std::string fate_of(int number) {
    if (number % stalls_each == 9) return "SocketTimeoutError";
    switch (number % 10) {
        case 4:
            return "status 429";
        case 5:
            return "status 503";
        case 6:
            return "ClientOSError";
        case 7:
            return "ClientPayloadError";
        case 8:
            return "ClientResponseError";
        default:
            return "itself";
    }
}

Coro<void> misbehave(PeerConnection& client) {
    for (;;) {
        const testing::PeerRequest request = co_await client.request();
        const Bytes name(target_of(request).substr(1));
        const std::string fate = fate_of(std::stoi(name));
        if (fate == "itself") {
            client.send(response_of(name));
        } else if (fate == "status 429") {
            client.send("HTTP/1.1 429 Too Many\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        } else if (fate == "status 503") {
            client.send("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        } else if (fate == "ClientOSError") {
            co_return client.reset();
        } else if (fate == "ClientPayloadError") {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
            co_return;
        } else if (fate == "ClientResponseError") {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello");
            co_return;
        } else {
            co_await client.stall();
        }
    }
}

Coro<std::string> fate(ClientSession& session, const ScriptedPeer& peer, int number) {
    const std::string name = std::to_string(number);
    // What the server gives at all takes as long as the machine needs.
    ClientTimeout timeout{.total = std::nullopt};
    if (fate_of(number) == "SocketTimeoutError") timeout.sock_read = 1s;
    // A reset is no reason to ask again where the method does not allow it.
    auto response = co_await as_result(session.post(peer.url("/" + name)).timeout(timeout));
    if (response && response->status() != 200) {
        co_return "status " + std::to_string(response->status());
    }
    std::exception_ptr error = response ? nullptr : response.error();
    if (response) {
        const auto body = co_await as_result(response->read());
        if (body) co_return *body == name ? "itself" : "another's body";
        error = body.error();
    }
    const std::string text = type_name(error);
    co_return text.substr(text.rfind(':') + 1);
}

long peak_kilobytes() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

TEST(ManyFetches, end_with_a_result_or_a_named_error) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(misbehave);
        ClientSession session;
        const long before = peak_kilobytes();
        std::vector<Coro<std::string>> all;
        all.reserve(fetches);
        Counts expected;
        for (int number = 0; number < fetches; ++number) {
            all.push_back(fate(session, peer, number));
            ++expected[fate_of(number)];
        }
        const auto fates = co_await gather(std::move(all));
        const long peak = peak_kilobytes();
        Counts seen;
        for (const std::string& one : fates) ++seen[one];
        EXPECT_EQ(seen, expected);
        for (std::size_t i = 0; i < fates.size(); ++i) {
            EXPECT_EQ(fates[i], fate_of(static_cast<int>(i)));
        }
        EXPECT_EQ(session.connector().in_use(), 0U);
        EXPECT_LE(session.connector().idle(), 100U);
        for (const auto& [what, count] : seen) std::printf("%5d %s\n", count, what.c_str());
        std::printf("%ld KiB more at the peak, client and server\n", peak - before);
        EXPECT_LT(peak - before, fetches * kilobytes_each_max);
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http

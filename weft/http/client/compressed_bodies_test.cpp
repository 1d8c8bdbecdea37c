// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/body/compressor.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>
#include <weft/http/client/body_limits.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;

Bytes compressed(BytesView text, ContentCoding coding) {
    Compressor compressor(coding);
    Bytes out;
    compressor.compress(out, text);
    compressor.finish(out);
    return out;
}

Bytes response_with(const std::string& coding, BytesView body) {
    return "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + Bytes(body);
}

Bytes some_text() {
    Bytes text;
    for (int i = 0; i < 2000; ++i) text += std::to_string(i * i) + ", ";
    return text;
}

Coro<std::string> outcome_with(Bytes response, SessionOptions options = {}) {
    const auto peer = co_await ScriptedPeer::start(answering(std::move(response)));
    auto text = co_await fetch_outcome(peer.url(), std::move(options));
    co_await peer.stop();
    co_return text;
}

TEST(CompressedBodies, are_decompressed_however_they_come) {
    const Bytes text = some_text();
    const std::pair<const char*, Bytes> cases[] = {
        {"gzip", compressed(text, ContentCoding::gzip)},
        {"x-gzip", compressed(text, ContentCoding::gzip)},
        {"deflate", compressed(text, ContentCoding::deflate)},
        {"br", compressed(text, ContentCoding::br)},
        {"zstd", compressed(text, ContentCoding::zstd)},
        {"identity", text},
        {"gzip, br", compressed(compressed(text, ContentCoding::gzip), ContentCoding::br)},
        {"gzip", compressed(text, ContentCoding::gzip) + "padding"},
    };
    for (const auto& [coding, body] : cases) {
        SCOPED_TRACE(coding);
        run_clean([](const char* name, const Bytes& data, const Bytes& expected) -> Coro<void> {
            const auto peer =
                co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
                    co_await client.request();
                    client.send(response_with(name, data));
                    co_await client.request();
                    co_await client.send_slowly(response_with(name, data));
                    co_await client.stall();
                });
            ClientSession session;
            EXPECT_TRUE(co_await session.get(peer.url()).read() == expected);
            auto response = co_await session.get(peer.url());
            Bytes all;
            auto pieces = response.content();
            while (auto piece = co_await pieces.next()) all += *piece;
            EXPECT_TRUE(all == expected);
            EXPECT_EQ(peer.connections(), 1U);
            co_await session.close();
            co_await peer.stop();
        }(coding, body, text));
    }
}

TEST(CompressedBodies, stay_as_they_are_where_that_is_wanted) {
    run_clean([]() -> Coro<void> {
        const Bytes body = compressed("hello", ContentCoding::gzip);
        EXPECT_TRUE(
            co_await outcome_with(response_with("gzip", body), {.auto_decompress = false}) == body);
    }());
}

TEST(CompressedBodies, may_be_none_at_all) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome_with(response_with("gzip", "")), "");
        EXPECT_EQ(co_await outcome_with("HTTP/1.1 204 No Content\r\nContent-Encoding: br\r\n\r\n"),
                  "");
    }());
}

// aiohttp's CVE-2025-69223 and urllib3 CVE-2025-66418, -66471 are of this kind.
TEST(DecompressionAttacks, a_few_bytes_do_not_become_many) {
    const Bytes zeros(50'000'000, '\0');
    std::vector<Bytes> bombs;
    for (const auto coding :
         {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::br, ContentCoding::zstd}) {
        bombs.push_back(response_with(std::string(name_of(coding)), compressed(zeros, coding)));
    }
    bombs.push_back(response_with(
        "gzip, gzip", compressed(compressed(zeros, ContentCoding::gzip), ContentCoding::gzip)));
    for (const Bytes& bomb : bombs) {
        run_clean([](const Bytes& response) -> Coro<void> {
            const auto text = co_await outcome_with(response);
            EXPECT_TRUE(text.starts_with("ClientPayloadError: ")) << text.substr(0, 100);
        }(bomb));
    }
}

TEST(DecompressionAttacks, a_chain_is_short) {
    run_clean([]() -> Coro<void> {
        const auto text = co_await outcome_with(response_with("gzip, gzip, gzip", "x"));
        EXPECT_TRUE(text.starts_with("ClientPayloadError: ")) << text;
    }());
}

TEST(DecompressionAttacks, the_limit_of_a_read_counts_what_it_keeps) {
    run_clean([]() -> Coro<void> {
        const Bytes text = some_text();
        const auto peer = co_await ScriptedPeer::start(
            answering(response_with("gzip", compressed(text, ContentCoding::gzip))));
        ClientSession session;
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).read(text.size() - 1)),
                  "ClientPayloadError: the body is longer than bytes_max, " +
                      std::to_string(text.size() - 1) + " bytes");
        EXPECT_TRUE(co_await session.get(peer.url()).read(text.size()) == text);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(CompressedBodies, have_the_limits_of_their_session_or_request) {
    run_clean([]() -> Coro<void> {
        const Bytes zeros(5'000'000, '\0');
        const Bytes once = compressed(zeros, ContentCoding::gzip);
        const auto chain = [&](const char* codings) -> Bytes {
            const Bytes twice = compressed(once, ContentCoding::gzip);
            return response_with(codings, compressed(twice, ContentCoding::gzip));
        };
        const auto peer = co_await ScriptedPeer::start(
            answering(response_with("gzip", once)), answering(response_with("gzip", once)),
            answering(response_with("gzip", once + once)), answering(chain("gzip, gzip, gzip")));
        constexpr auto unlimited = DecompressionLimits::unlimited;
        const BodyLimits generous{.decompression = {.bytes_max = unlimited, .ratio_max = unlimited},
                                  .codings_max = 3};
        ClientSession session(
            {.connector = TCPConnector({{.keepalive_timeout = 0s}}), .body_limits = generous});
        EXPECT_TRUE(co_await session.get(peer.url()).read() == zeros);
        const auto refused = co_await outcome_of(session.get(peer.url()).body_limits({}).read());
        EXPECT_TRUE(refused.starts_with("ClientPayloadError: ")) << refused.substr(0, 100);
        BodyLimits of_one_member = generous;
        of_one_member.decompression.members_max = 1;
        const auto members =
            co_await outcome_of(session.get(peer.url()).body_limits(of_one_member).read());
        EXPECT_TRUE(members.starts_with("ClientPayloadError: ")) << members.substr(0, 100);
        EXPECT_TRUE(co_await session.get(peer.url()).read() == zeros);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(DecompressionAttacks, a_body_that_is_cut_or_no_coding_of_that_name_is_an_error) {
    run_clean([]() -> Coro<void> {
        const Bytes body = compressed(some_text(), ContentCoding::gzip);
        for (const Bytes& broken :
             {response_with("gzip", body.substr(0, body.size() - 9)),
              response_with("gzip", "hello"), response_with("compress", body)}) {
            const auto text = co_await outcome_with(broken);
            EXPECT_TRUE(text.starts_with("ClientPayloadError: ")) << text.substr(0, 100);
        }
    }());
}

// urllib3 CVE-2026-21441: the body of a redirect was decompressed to be thrown away.
TEST(DecompressionAttacks, the_body_of_a_redirect_is_not_decompressed) {
    run_clean([]() -> Coro<void> {
        const Bytes no_gzip = "this would be an error";
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(
                "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Encoding: gzip\r\n"
                "Content-Length: " +
                std::to_string(no_gzip.size()) + "\r\n\r\n" + no_gzip);
            co_await client.request();
            client.send(response_of("hi"));
            co_await client.stall();
        });
        ClientSession session;
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hi");
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http

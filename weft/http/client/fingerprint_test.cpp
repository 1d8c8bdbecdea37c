// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/fingerprint.hpp>

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/ssl_context.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using ssl::client_context;
using ssl::server_context;
using testing::answering;
using testing::thrown_by;

// A certificate, and what OpenSSL's command tells of it:
//     openssl x509 -noout -fingerprint -sha256
//     openssl x509 -noout -pubkey | openssl pkey -pubin -outform der |
//         openssl dgst -sha256 -binary | base64
constexpr std::string_view certificate_text =
    "308201753082011ba003020102021475b9fba249b543e83555967d62f8d34c18db739f300a06082a8648ce3d"
    "040302300f310d300b06035504030c04776566743020170d3236313132373139343032345a180f3231323631"
    "3130333139343032345a300f310d300b06035504030c04776566743059301306072a8648ce3d020106082a86"
    "48ce3d03010703420004a40ee8389e6ab02a98df9d015ae9af1f5a5c3931b9dae915e22535f5f5ec7cb6e535"
    "ee6692b7bb2e1008a0104760979502eb12e1ea35ea6030721cfb99e1aecda3533051301d0603551d0e041604"
    "14ea3ebd021e71cfc5c15e9d142d78bc7835e89cd1301f0603551d23041830168014ea3ebd021e71cfc5c15e"
    "9d142d78bc7835e89cd1300f0603551d130101ff040530030101ff300a06082a8648ce3d0403020348003045"
    "022100c12e603cba9b930e43b412bcd81debc9287f160070984bae116969f744d318f8022049ec7cc5e62047"
    "d66f9962fed734bed571c3f6328d3a88b7a672a6fb7366d360";
constexpr std::string_view certificate_print =
    "77:4A:A8:64:F9:2F:51:DC:6C:45:99:92:40:21:1C:52:BD:A0:26:CA:B6:B9:21:B1:58:E4:31:15:F6:38:49:"
    "B1";
constexpr std::string_view key_print = "FCWxLfMa/mZ8SG3Ks65+Mt9RzLWOZAhv5mGjnd4OnqA=";

Bytes from_hexadecimal(std::string_view text) {
    Bytes bytes;
    for (std::size_t at = 0; at < text.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
    }
    return bytes;
}

// Of a PEM file.
Fingerprint certificate_in(const std::string& path) {
    std::ifstream file(path);
    std::string base64;
    for (std::string line; std::getline(file, line) && !line.starts_with("-----END");) {
        if (!line.starts_with("-----")) base64 += line;
    }
    const Bytes der = b64decode(base64).value();
    Bytes hash(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(der.data()), der.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
    std::string figures;
    for (const char byte : hash) {
        constexpr std::string_view digits = "0123456789abcdef";
        figures += digits[static_cast<unsigned char>(byte) / 16U];
        figures += digits[static_cast<unsigned char>(byte) % 16U];
    }
    return Fingerprint::certificate(figures);
}

TEST(Fingerprint, is_that_of_a_key_or_a_certificate) {
    const Bytes certificate = from_hexadecimal(certificate_text);
    EXPECT_TRUE(Fingerprint::public_key(key_print).matches(certificate));
    EXPECT_TRUE(Fingerprint::public_key("sha256//" + std::string(key_print)).matches(certificate));
    EXPECT_TRUE(Fingerprint::certificate(certificate_print).matches(certificate));
    Bytes other = certificate;
    other.back() ^= 1;  // in the signature: the same key, another certificate
    EXPECT_TRUE(Fingerprint::public_key(key_print).matches(other));
    EXPECT_FALSE(Fingerprint::certificate(certificate_print).matches(other));
    EXPECT_FALSE(Fingerprint::public_key(key_print).matches(""));
    EXPECT_FALSE(Fingerprint::public_key(key_print).matches("nonsense"));
}

TEST(Fingerprint, is_written_as_it_is_read) {
    const auto key = Fingerprint::public_key(key_print);
    EXPECT_EQ(key.to_string(), "sha256//" + std::string(key_print));
    EXPECT_EQ(Fingerprint::public_key(key.to_string()), key);
    const auto whole = Fingerprint::certificate(certificate_print);
    EXPECT_EQ(Fingerprint::certificate(whole.to_string()), whole);
    EXPECT_NE(key, whole);
}

TEST(Fingerprint, refuses_what_is_none) {
    for (const char* text : {"", "sha256//", "AAAA", "sha1//AAAA", "not base64 at all, is it"}) {
        EXPECT_TRUE(thrown_by([&] {
                        (void)Fingerprint::public_key(text);
                    }).starts_with("ValueError: a fingerprint of a public key is 32 bytes"))
            << text;
    }
    for (const char* text : {"", "00", "0", ":", "zz", "00:", "00::00"}) {
        EXPECT_TRUE(thrown_by([&] {
                        (void)Fingerprint::certificate(text);
                    }).starts_with("ValueError: a fingerprint of a certificate is 32 bytes"))
            << text;
    }
}

// CVE-2025-5025, CVE-2025-13034 (curl): a pin is asked for on each way, and with each connection.
TEST(Fingerprint, must_be_that_of_the_server) {
    run_clean([]() -> Coro<void> {
        std::size_t requests = 0;
        const auto peer = co_await ScriptedPeer::start_tls(
            server_context(), [&](PeerConnection& client) -> Coro<void> {
                for (;; ++requests) {
                    co_await client.request();
                    client.send(response_of("hi"));
                }
            });
        const std::string url = "https://localhost:" + std::to_string(peer.port());
        const auto wrong = Fingerprint::certificate(std::string(64, '0'));
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        EXPECT_EQ(co_await session.get(url).read(), "hi");
        EXPECT_EQ(
            co_await outcome_of(session.get(url).fingerprint(wrong).read()),
            "ServerFingerprintMismatch: the certificate of localhost has not the fingerprint " +
                std::string(64, '0'))
            << "though there is a connection";
        EXPECT_EQ(requests, 1U);
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();

        ClientSession pinned(
            {.connector = TCPConnector(
                 {{.ssl = client_context(), .fingerprints = {{"localhost", {wrong}}}}})});
        EXPECT_TRUE((co_await outcome_of(pinned.get(url).read()))
                        .starts_with("ServerFingerprintMismatch: "));
        EXPECT_EQ(requests, 1U);
        co_await pinned.close();
        co_await peer.stop();
    }());
}

// It ends without the last word of TLS, for which one that is not trusted might let it wait.
TEST(Fingerprint, a_server_that_has_another_is_left_at_once) {
    run_clean([]() -> Coro<void> {
        std::string end;
        const auto peer = co_await ScriptedPeer::start_tls(
            server_context(), [&](PeerConnection& client) -> Coro<void> {
                const auto received = co_await as_result(client.receive(1));
                end = received ? "a request" : weft::describe(received.error());
            });
        const std::string url = "https://localhost:" + std::to_string(peer.port());
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        const auto wrong = Fingerprint::certificate(std::string(64, '0'));
        EXPECT_FALSE(co_await as_result(session.get(url).fingerprint(wrong).read()));
        while (end.empty()) co_await sleep(0s);
        EXPECT_TRUE(end.starts_with("ssl::SSLEOFError") || end.starts_with("ConnectionResetError"))
            << end;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Fingerprint, of_a_host_is_found_however_that_is_spelled) {
    run_clean([]() -> Coro<void> {
        const auto peer =
            co_await ScriptedPeer::start_tls(server_context(), answering(response_of("hi")));
        const std::string url = "https://localhost:" + std::to_string(peer.port());
        const auto wrong = Fingerprint::certificate(std::string(64, '0'));
        ClientSession session(
            {.connector =
                 TCPConnector({{.ssl = client_context(),
                                .fingerprints = {{"LocalHost", {wrong}}, {"::1", {wrong}}}}})});
        EXPECT_TRUE((co_await outcome_of(session.get(url).read()))
                        .starts_with("ServerFingerprintMismatch: "));
        co_await session.close();
        co_await peer.stop();
    }());
    EXPECT_TRUE(thrown_by([] {
                    TCPConnector({{.fingerprints = {{"a/b", {}}}}});
                }).starts_with("ValueError: a fingerprint is that of a host, which 'a/b' is not"));
}

TEST(Fingerprint, one_of_several_is_enough) {
    run_clean([]() -> Coro<void> {
        const auto files = ssl::authority().issue({});
        const ssl::SSLContext context(ssl::Protocol::tls_server);
        context.load_cert_chain(files.certificate, files.key);
        const auto peer = co_await ScriptedPeer::start_tls(context, answering(response_of("hi")));
        const std::string url = "https://localhost:" + std::to_string(peer.port());
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        EXPECT_EQ(co_await session.get(url)
                      .fingerprint(Fingerprint::certificate(std::string(64, '0')))
                      .fingerprint(certificate_in(files.certificate))
                      .read(),
                  "hi");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Fingerprint, of_plain_text_there_is_none) {
    run_clean([]() -> Coro<void> {
        ClientSession session;
        EXPECT_EQ(co_await outcome_of(session.get("http://127.0.0.1:1/a")
                                          .fingerprint(Fingerprint::public_key(key_print))
                                          .read()),
                  "ValueError: a fingerprint was asked of http://127.0.0.1:1/a, which has no "
                  "certificate");
        co_await session.close();
    }());
}

// The example of fingerprint.hpp.
TEST(Fingerprint, example) {
    run_clean([]() -> Coro<void> {
        const std::string url = "https://127.0.0.1:1/";
        ClientSession session;
        const auto fetch = [&]() -> Coro<void> {
            co_await session.get(url).fingerprint(
                Fingerprint::public_key("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
        };
        EXPECT_FALSE(co_await as_result(fetch()));
        co_await session.close();
    }());
}

}  // namespace
}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// Both ends of a connection in memory: what the protocol does, without sockets.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/exceptions.hpp>
#include <weft/tls/internal/context_state.hpp>  // IWYU pragma: keep
#include <weft/tls/internal/session_cache.hpp>
#include <weft/tls/ssl_context.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::ssl {
namespace {

using testing::LogCapture;
using testing::thrown_by;

// One end, and what it has read.
struct End {
    std::unique_ptr<SecurityLayer> layer;
    Bytes text = {};

    void take(BytesView from_peer) { layer->decrypt(from_peer, text); }
    Bytes give() { return std::exchange(layer->outgoing(), {}); }
    void say(BytesView words) { layer->encrypt(words); }
};

struct Pair {
    End client;
    End server;

    explicit Pair(const SSLContext& at_client = client_context(),
                  const SSLContext& at_server = server_context(),
                  std::string_view name = "localhost")
        : client{StreamSecurity(at_client)->client_layer(name)},
          server{StreamSecurity(at_server)->server_layer()} {
        server.layer->start("");
        client.layer->start("");
    }

    // Carries bytes in pieces of such a size until neither has any.
    void exchange(std::size_t piece_bytes = 1 << 20) {
        for (;;) {
            const Bytes there = client.give();
            const Bytes back = server.give();
            if (there.empty() && back.empty()) return;
            carry(there, server, piece_bytes);
            carry(back, client, piece_bytes);
        }
    }

private:
    static void carry(BytesView bytes, End& to, std::size_t piece_bytes) {
        while (!bytes.empty()) {
            const BytesView piece = bytes.substr(0, piece_bytes);
            bytes.remove_prefix(piece.size());
            to.take(piece);
        }
    }
};

Bytes some_text(std::size_t count) {
    Bytes all(count, ' ');
    for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<char>(i * 31 >> 7);
    return all;
}

TEST(TLSLayer, shakes_hands_in_pieces_of_any_size) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context();
    for (const std::size_t piece : {1U, 2U, 5U, 100U, 1U << 20}) {
        Pair ends(at_client, at_server);
        EXPECT_FALSE(ends.client.layer->is_established());
        ends.exchange(piece);
        EXPECT_TRUE(ends.client.layer->is_established());
        EXPECT_TRUE(ends.server.layer->is_established());
    }
}

TEST(TLSLayer, carries_texts_of_any_size_in_both_directions) {
    Pair ends;
    ends.exchange();
    for (const std::size_t size : {0U, 1U, 16383U, 16384U, 16385U, 1U << 20}) {
        ends.client.text.clear();
        ends.server.text.clear();
        ends.client.say(some_text(size));
        ends.server.say(some_text(size + 1));
        ends.exchange(1000);
        EXPECT_TRUE(ends.server.text == some_text(size)) << size;
        EXPECT_TRUE(ends.client.text == some_text(size + 1)) << size;
    }
}

TEST(TLSLayer, tells_what_was_agreed_on) {
    Pair ends;
    ends.exchange();
    EXPECT_EQ(ends.client.layer->version(), "TLSv1.3");
    EXPECT_EQ(ends.client.layer->cipher(), ends.server.layer->cipher());
    EXPECT_TRUE(ends.client.layer->cipher().starts_with("TLS_")) << ends.client.layer->cipher();
    EXPECT_EQ(ends.client.layer->server_hostname(), "localhost");
    EXPECT_EQ(ends.server.layer->server_hostname(), "localhost");
    EXPECT_EQ(ends.client.layer->selected_alpn_protocol(), std::nullopt);
    EXPECT_FALSE(ends.client.layer->session_reused());
    EXPECT_TRUE(ends.client.layer->getpeercert().starts_with("\x30\x82"));  // DER: a sequence
    EXPECT_EQ(ends.server.layer->getpeercert(), "");
}

// RFC 6066, section 3.
TEST(TLSLayer, asks_by_name_only_and_without_the_last_dot) {
    Pair by_address(client_context(), server_context(), "127.0.0.1");
    by_address.exchange();
    EXPECT_EQ(by_address.server.layer->server_hostname(), "");
    Pair with_a_dot(client_context(), server_context(), "localhost.");
    with_a_dot.exchange();
    EXPECT_EQ(with_a_dot.server.layer->server_hostname(), "localhost");
}

// ---- new keys

// Learns whose connections a context makes.
SSL** watch_connections(const SSLContext& context) {
    static SSL* last = nullptr;
    SSL_CTX_set_msg_callback(
        context.state()->get(),
        [](int, int, int, const void*, std::size_t, SSL* connection, void*) { last = connection; });
    return &last;
}

// RFC 8446, section 4.6.3.
TEST(TLSLayer, goes_on_with_new_keys_when_the_peer_asks_for_them) {
    const SSLContext at_server = server_context();
    SSL** const server = watch_connections(at_server);
    Pair ends(client_context(), at_server);
    ends.exchange();
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(SSL_key_update(*server, SSL_KEY_UPDATE_REQUESTED), 1);
        ends.server.say("with my new key ");
        ends.exchange();
        ends.client.say("with mine ");
        ends.exchange();
    }
    EXPECT_EQ(ends.client.text, "with my new key with my new key with my new key ");
    EXPECT_EQ(ends.server.text, "with mine with mine with mine ");
}

TEST(TLSLayer, ends_although_the_peer_asks_for_new_keys) {
    const SSLContext at_server = server_context();
    SSL** const server = watch_connections(at_server);
    for (const bool asks_first : {true, false}) {
        Pair ends(client_context(), at_server);
        ends.exchange();
        ASSERT_EQ(SSL_key_update(*server, SSL_KEY_UPDATE_REQUESTED), 1);
        ends.server.say("with my new key");
        const Bytes asked = ends.server.give();
        if (asks_first) ends.client.take(asked);
        ends.client.layer->end();
        ends.server.take(ends.client.give());
        EXPECT_TRUE(ends.server.layer->peer_has_ended());
        if (!asks_first) ends.client.take(asked);
        ends.server.layer->end();
        ends.exchange();
        EXPECT_EQ(ends.client.text, "with my new key");
        EXPECT_TRUE(ends.client.layer->peer_has_ended());
    }
}

// ---- ends

TEST(TLSLayer, says_that_its_text_ends) {
    Pair ends;
    ends.exchange();
    ends.client.say("the last");
    ends.client.layer->end();
    ends.client.layer->end();
    ends.exchange();
    EXPECT_EQ(ends.server.text, "the last");
    EXPECT_TRUE(ends.server.layer->peer_has_ended());
    EXPECT_FALSE(ends.client.layer->peer_has_ended());
    ends.server.layer->peer_is_gone();  // no error: it has said so
}

TEST(TLSLayer, ignores_what_comes_after_the_end) {
    Pair ends;
    ends.exchange();
    ends.client.layer->end();
    ends.server.take(ends.client.give() + "GET / HTTP/1.1\r\n");
    EXPECT_TRUE(ends.server.layer->peer_has_ended());
    EXPECT_EQ(ends.server.text, "");
}

TEST(TLSLayer, notices_an_end_that_the_peer_has_not_announced) {
    Pair ends;
    ends.exchange();
    EXPECT_THROW(ends.client.layer->peer_is_gone(), SSLEOFError);
    Pair unfinished;
    EXPECT_THROW(unfinished.client.layer->peer_is_gone(), ConnectionResetError);
}

// Half a message of the protocol holds the end up, too, if nothing else is to be sent.
TEST(TLSLayer, ends_once_it_can) {
    const SSLContext at_client = client_context();
    const CertificateFiles files = authority().issue();
    at_client.load_cert_chain(files.certificate, files.key);
    const SSLContext at_server = server_context_that_asks();
    SSL_CTX_set_max_send_fragment(at_server.state()->get(), 512);
    Pair ends(at_client, at_server);
    ends.server.take(ends.client.give());
    ends.client.take(ends.server.give());
    ends.server.take(ends.client.give());
    const Bytes tickets = ends.server.give();
    const std::size_t record = 5U + (static_cast<unsigned char>(tickets[3]) << 8U) +
                               static_cast<unsigned char>(tickets[4]);
    ASSERT_LT(record, tickets.size());
    ends.client.take(BytesView(tickets).substr(0, record));
    ends.client.layer->end();
    EXPECT_TRUE(ends.client.layer->outgoing().empty());
    ends.client.take(BytesView(tickets).substr(record));
    ends.server.take(ends.client.give());
    EXPECT_TRUE(ends.server.layer->peer_has_ended());
}

// Goal:   half a message of the protocol holds up what is sent, and loses nothing.
// Method: a ticket in several records, as that of a server whose client has shown a certificate;
//         both say something, and end, after each of them.
TEST(TLSLayer, keeps_a_text_until_it_can_be_sent) {
    const SSLContext at_client = client_context();
    const CertificateFiles files = authority().issue();
    at_client.load_cert_chain(files.certificate, files.key);
    const SSLContext at_server = server_context_that_asks();
    SSL_CTX_set_max_send_fragment(at_server.state()->get(), 512);
    for (const bool ends_then : {false, true}) {
        Pair ends(at_client, at_server);
        ends.server.take(ends.client.give());
        ends.client.take(ends.server.give());
        ends.server.take(ends.client.give());
        Bytes tickets = ends.server.give();
        EXPECT_GT(tickets.size(), 600U);  // more than one record
        Bytes said;
        bool held_up = false;
        while (!tickets.empty()) {
            const std::size_t record = 5U + (static_cast<unsigned char>(tickets[3]) << 8U) +
                                       static_cast<unsigned char>(tickets[4]);
            ends.client.take(BytesView(tickets).substr(0, record));
            tickets.erase(0, record);
            const std::size_t before = ends.client.layer->outgoing().size();
            ends.client.say("one more ");
            said += "one more ";
            if (ends.client.layer->outgoing().size() == before) held_up = true;
            if (held_up && ends_then) {
                ends.client.layer->end();
                ends.client.take(tickets);
                break;
            }
        }
        EXPECT_TRUE(held_up);
        ends.server.take(ends.client.give());
        EXPECT_EQ(ends.server.text, said);
        EXPECT_EQ(ends.server.layer->peer_has_ended(), ends_then);
    }
}

// ---- what is refused

TEST(TLSLayer, refuses_plain_text_before_the_handshake_of_a_client) {
    const auto client = StreamSecurity(client_context())->client_layer("localhost");
    EXPECT_EQ(thrown_by([&] { client->start("220 ready\r\n"); }),
              "ssl::SSLError: [SSL: PLAIN_TEXT_BEFORE_HANDSHAKE] 11 bytes of plain text came "
              "before the TLS handshake");
}

TEST(TLSLayer, refuses_plain_text_in_place_of_a_handshake) {
    for (const bool at_server : {true, false}) {
        Pair ends;
        End& end = at_server ? ends.server : ends.client;
        end.give();
        const std::string error = thrown_by([&] {
            end.take("HELO example.com and some more\r\n");
            return 0;
        });
        EXPECT_TRUE(error.starts_with("ssl::SSLError: [SSL: WRONG_VERSION_NUMBER]")) << error;
    }
}

TEST(TLSLayer, tells_the_peer_what_it_does_not_understand) {
    Pair ends;
    EXPECT_NE(thrown_by([&] {
                  ends.server.take(Bytes("\x16\x03\x01\x00\x05", 5) + "hello");
                  return 0;
              }),
              "nothing");
    EXPECT_TRUE(ends.server.give().starts_with("\x15\x03"));  // an alert
}

TEST(TLSLayer, gives_the_text_before_what_it_does_not_understand) {
    Pair ends;
    ends.exchange();
    ends.client.say("true");
    const Bytes records = ends.client.give() + Bytes("\x17\x03\x03\x00\x20", 5) + Bytes(32, 'f');
    EXPECT_NE(thrown_by([&] {
                  ends.server.take(records);
                  return 0;
              }),
              "nothing");
    EXPECT_EQ(ends.server.text, "true");
}

// Goal:   a changed byte is noticed, wherever it is.
// Method: each byte of one record in its turn, at a pair of its own.
TEST(TLSLayer, notices_any_changed_byte) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context();
    Pair sample(at_client, at_server);
    sample.exchange();
    sample.client.say("some text");
    const std::size_t size = sample.client.give().size();
    for (std::size_t at = 0; at < size; ++at) {
        Pair ends(at_client, at_server);
        ends.exchange();
        ends.client.say("some text");
        Bytes record = ends.client.give();
        ASSERT_EQ(record.size(), size);
        record[at] = static_cast<char>(record[at] ^ 1);
        try {
            ends.server.take(record);
        } catch (const SSLError&) {
            EXPECT_FALSE(ends.server.layer->outgoing().empty());  // the peer is told
            continue;
        }
        EXPECT_EQ(ends.server.text, "") << at;  // a length: it waits for more
    }
}

TEST(TLSLayer, refuses_tls_1_1) {
    // The head of a ClientHello of TLS 1.1 that offers one cipher and has no extensions.
    const Bytes hello = Bytes("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x02", 11) + Bytes(32, 'r') +
                        Bytes("\x00\x00\x02\x00\x2f\x01\x00", 7);
    Pair ends;
    const std::string error = thrown_by([&] {
        ends.server.take(hello);
        return 0;
    });
    EXPECT_TRUE(error.starts_with("ssl::SSLError: [SSL: UNSUPPORTED_PROTOCOL]")) << error;
}

// ---- whom to trust

std::string refusal(const SSLContext& at_client, const SSLContext& at_server,
                    std::string_view name = "localhost") {
    Pair ends(at_client, at_server, name);
    return thrown_by([&] {
        ends.exchange();
        return 0;
    });
}

TEST(TLSLayer, refuses_a_certificate_of_an_authority_that_it_does_not_trust) {
    CertificateAuthority other;
    const SSLContext at_client =
        create_default_context(Purpose::server_auth, {.cafile = other.certificate()});
    EXPECT_EQ(refusal(at_client, server_context()),
              "ssl::SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
              "failed: unable to get local issuer certificate");
}

TEST(TLSLayer, refuses_the_certificate_of_another_host) {
    EXPECT_EQ(refusal(client_context(), server_context(), "evil.example"),
              "ssl::SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
              "failed: Hostname mismatch, certificate is not valid for 'evil.example'.");
    EXPECT_EQ(refusal(client_context(), server_context(), "127.0.0.2"),
              "ssl::SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
              "failed: IP address mismatch, certificate is not valid for '127.0.0.2'.");
    EXPECT_EQ(refusal(client_context(), server_context(), "127.0.0.1"), "nothing");
}

// The name is not looked for in the subject, where anything may stand (RFC 6125, section 6.4.4).
TEST(TLSLayer, does_not_take_a_common_name_for_the_name_of_the_host) {
    const SSLContext at_server = server_context({.common_name = "localhost", .names = {}});
    EXPECT_NE(refusal(client_context(), at_server), "nothing");
}

TEST(TLSLayer, knows_a_wildcard_for_one_whole_label) {
    const SSLContext at_server = server_context({.names = {"*.example.com", "w*w.example.org"}});
    EXPECT_EQ(refusal(client_context(), at_server, "a.example.com"), "nothing");
    EXPECT_NE(refusal(client_context(), at_server, "a.b.example.com"), "nothing");
    EXPECT_NE(refusal(client_context(), at_server, "example.com"), "nothing");
    EXPECT_NE(refusal(client_context(), at_server, "www.example.org"), "nothing");
}

TEST(TLSLayer, refuses_a_certificate_outside_of_its_time) {
    using namespace std::chrono_literals;
    EXPECT_TRUE(refusal(client_context(), server_context({.valid_from = -48h, .valid_to = -24h}))
                    .ends_with("certificate has expired"));
    EXPECT_TRUE(refusal(client_context(), server_context({.valid_from = 24h, .valid_to = 48h}))
                    .ends_with("certificate is not yet valid"));
}

TEST(TLSLayer, goes_on_without_checks_when_told_to) {
    const SSLContext at_client(Protocol::tls_client);
    at_client.set_check_hostname(false);
    at_client.set_verify_mode(VerifyMode::cert_none);
    EXPECT_EQ(refusal(at_client, server_context(), "evil.example"), "nothing");
    EXPECT_EQ(refusal(at_client, server_context(), ""), "nothing");
}

TEST(TLSLayer, asks_a_client_for_its_certificate) {
    const SSLContext at_client = client_context();
    EXPECT_TRUE(refusal(at_client, server_context_that_asks())
                    .starts_with("ssl::SSLError: [SSL: PEER_DID_NOT_RETURN_A_CERTIFICATE]"));
    const CertificateFiles files = authority().issue({.common_name = "a client", .names = {}});
    at_client.load_cert_chain(files.certificate, files.key);
    Pair ends(at_client, server_context_that_asks());
    ends.exchange();
    EXPECT_TRUE(ends.server.layer->is_established());
    EXPECT_NE(ends.server.layer->getpeercert(), "");
}

// ---- what a client and a server choose

TEST(TLSLayer, lets_the_server_choose_a_protocol_that_both_have) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context();
    at_client.set_alpn_protocols({"http/1.1", "h2"});
    at_server.set_alpn_protocols({"h2", "http/1.1"});
    Pair ends(at_client, at_server);
    ends.exchange();
    EXPECT_EQ(ends.client.layer->selected_alpn_protocol(), "h2");
    EXPECT_EQ(ends.server.layer->selected_alpn_protocol(), "h2");
}

TEST(TLSLayer, goes_on_without_a_protocol_where_there_is_none_in_common) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context();
    at_client.set_alpn_protocols({"redis"});
    at_server.set_alpn_protocols({"h2"});
    Pair ends(at_client, at_server);
    ends.exchange();
    EXPECT_TRUE(ends.client.layer->is_established());
    EXPECT_EQ(ends.client.layer->selected_alpn_protocol(), std::nullopt);
}

TEST(TLSLayer, shows_the_certificate_of_the_name_that_was_asked_for) {
    const SSLContext at_server = server_context({.names = {"a.example"}});
    const SSLContext at_b = server_context({.names = {"b.example"}});
    at_server.set_sni_callback([at_b](std::string_view name) -> std::optional<SSLContext> {
        if (name == "b.example") return at_b;
        return std::nullopt;
    });
    EXPECT_EQ(refusal(client_context(), at_server, "a.example"), "nothing");
    EXPECT_EQ(refusal(client_context(), at_server, "b.example"), "nothing");
    EXPECT_NE(refusal(client_context(), at_server, "c.example"), "nothing");
}

// The context of a name asks for what it asks for, not the one that the connection began with.
TEST(TLSLayer, asks_for_the_certificates_that_the_name_needs) {
    const SSLContext at_server = server_context();
    const SSLContext strict = server_context_that_asks();
    at_server.set_sni_callback([strict](std::string_view) { return strict; });
    EXPECT_TRUE(refusal(client_context(), at_server)
                    .starts_with("ssl::SSLError: [SSL: PEER_DID_NOT_RETURN_A_CERTIFICATE]"));
}

// That of a name may ask for more than the one that the connection began with, not only of a
// certificate.
TEST(TLSLayer, speaks_only_the_versions_that_the_name_allows) {
    const SSLContext at_client = client_context();
    at_client.set_maximum_version(TLSVersion::tls_v1_2);
    const SSLContext at_server = server_context();
    const SSLContext strict = server_context();
    strict.set_minimum_version(TLSVersion::tls_v1_3);
    EXPECT_EQ(refusal(at_client, at_server), "nothing");
    at_server.set_sni_callback([strict](std::string_view) { return strict; });
    EXPECT_NE(refusal(at_client, at_server), "nothing");
}

TEST(TLSLayer, fails_the_handshake_whose_name_callback_throws) {
    const LogCapture log;
    const SSLContext at_server = server_context();
    at_server.set_sni_callback(
        [](std::string_view) -> std::optional<SSLContext> { throw ValueError("no such tenant"); });
    EXPECT_NE(refusal(client_context(), at_server), "nothing");
    EXPECT_TRUE(LogCapture::told_of("SNI callback for 'localhost': ValueError: no such tenant"));
}

// ---- sessions

class Sessions : public ::testing::TestWithParam<TLSVersion> {};

TEST_P(Sessions, are_resumed_each_time) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context();
    at_client.set_maximum_version(GetParam());
    for (int i = 0; i < 4; ++i) {
        Pair ends(at_client, at_server);
        ends.exchange();
        ends.server.say("a text brings the tickets along");
        ends.exchange();
        EXPECT_EQ(ends.client.layer->session_reused(), i > 0) << i;
        EXPECT_EQ(ends.server.layer->session_reused(), i > 0) << i;
        EXPECT_NE(ends.client.layer->getpeercert(), "");
    }
}

TEST_P(Sessions, are_of_one_name) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context({.names = {"a.example", "b.example"}});
    at_client.set_maximum_version(GetParam());
    for (const char* name : {"a.example", "b.example"}) {
        Pair ends(at_client, at_server, name);
        ends.exchange();
        EXPECT_FALSE(ends.client.layer->session_reused());
    }
}

// What was not checked then must not pass for checked now.
TEST_P(Sessions, go_with_the_settings_that_they_were_made_under) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context({.names = {"other.example"}});
    at_client.set_maximum_version(GetParam());
    at_client.set_check_hostname(false);
    Pair ends(at_client, at_server);
    ends.exchange();
    ends.server.say("tickets");
    ends.exchange();
    at_client.set_check_hostname(true);
    EXPECT_NE(refusal(at_client, at_server), "nothing");
}

// A connection that began before the settings changed brings its session afterwards.
TEST_P(Sessions, of_connections_from_before_a_change_are_not_kept) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context({.names = {"other.example"}});
    at_client.set_maximum_version(GetParam());
    at_client.set_check_hostname(false);
    Pair ends(at_client, at_server);
    at_client.set_check_hostname(true);
    ends.exchange();
    ends.server.say("tickets");
    ends.exchange();
    EXPECT_NE(refusal(at_client, at_server), "nothing");
}

// CVE-2025-23419 and its like: a session that began where nothing is asked of a client must not
// open the door where something is.
TEST_P(Sessions, of_one_name_are_none_of_another_that_asks_for_more) {
    const SSLContext at_client = client_context();
    at_client.set_maximum_version(GetParam());
    at_client.set_check_hostname(false);
    const SSLContext at_server = server_context();
    const SSLContext strict = server_context_that_asks();
    at_server.set_sni_callback([strict](std::string_view name) -> std::optional<SSLContext> {
        if (name == "strict.example") return strict;
        return std::nullopt;
    });
    Pair first(at_client, at_server, "open.example");
    first.exchange();
    first.server.say("tickets");
    first.exchange();
    // What an attacker does: shows the ticket at the other name.
    auto session = at_client.state()->sessions().take("open.example");
    ASSERT_NE(session, nullptr);
    at_client.state()->sessions().put("strict.example", std::move(session),
                                      at_client.state()->sessions().generation());
    EXPECT_TRUE(refusal(at_client, at_server, "strict.example")
                    .starts_with("ssl::SSLError: [SSL: PEER_DID_NOT_RETURN_A_CERTIFICATE]"));
}

TEST_P(Sessions, of_before_are_not_resumed_by_a_server_that_asks_for_more) {
    const SSLContext at_client = client_context();
    at_client.set_maximum_version(GetParam());
    const SSLContext at_server = server_context();
    Pair first(at_client, at_server);
    first.exchange();
    first.server.say("tickets");
    first.exchange();
    at_server.load_verify_locations({.cafile = authority().certificate()});
    at_server.set_verify_mode(VerifyMode::cert_required);
    EXPECT_TRUE(refusal(at_client, at_server)
                    .starts_with("ssl::SSLError: [SSL: PEER_DID_NOT_RETURN_A_CERTIFICATE]"));
}

TEST_P(Sessions, of_another_identity_are_not_resumed) {
    const SSLContext at_client = client_context();
    at_client.set_maximum_version(GetParam());
    const SSLContext at_server = server_context_that_asks();
    at_server.set_verify_mode(VerifyMode::cert_optional);
    for (const bool has_certificate : {false, true}) {
        if (has_certificate) {
            const CertificateFiles files = authority().issue();
            at_client.load_cert_chain(files.certificate, files.key);
        }
        Pair ends(at_client, at_server);
        ends.exchange();
        ends.server.say("tickets");
        ends.exchange();
        EXPECT_EQ(!ends.server.layer->getpeercert().empty(), has_certificate);
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Sessions,
                         ::testing::Values(TLSVersion::tls_v1_2, TLSVersion::tls_v1_3),
                         [](const auto& version) {
                             return version.param == TLSVersion::tls_v1_2 ? "tls_1_2" : "tls_1_3";
                         });

}  // namespace
}  // namespace weft::ssl

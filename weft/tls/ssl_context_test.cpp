// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/ssl_context.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <weft/base/bytes.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/testing/certificates.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/exceptions.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::ssl {
namespace {

bool has_more_rights = false;  // than whoever has started this program

}  // namespace

// In a namespace it is the same function: its linkage is C's.
extern "C" char* secure_getenv(const char* name) noexcept {
    return has_more_rights ? nullptr : ::getenv(name);
}

namespace {

using testing::thrown_by;

std::string contents_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator(file), {}};
}

bool shake_hands(const SSLContext& at_client, const SSLContext& at_server = server_context()) {
    const auto client = StreamSecurity(at_client)->client_layer("localhost");
    const auto server = StreamSecurity(at_server)->server_layer();
    client->start("");
    for (int i = 0; i < 3; ++i) {
        Bytes text;
        server->decrypt(std::exchange(client->outgoing(), {}), text);
        client->decrypt(std::exchange(server->outgoing(), {}), text);
    }
    return client->is_established() && server->is_established();
}

TEST(SSLContext, of_a_client_checks_what_it_connects_to) {
    const SSLContext context(Protocol::tls_client);
    EXPECT_EQ(context.verify_mode(), VerifyMode::cert_required);
    EXPECT_TRUE(context.check_hostname());
    EXPECT_EQ(context.minimum_version(), TLSVersion::tls_v1_2);
}

TEST(SSLContext, of_a_server_asks_for_no_certificate) {
    const SSLContext context = create_default_context(Purpose::client_auth);
    EXPECT_EQ(context.protocol(), Protocol::tls_server);
    EXPECT_EQ(context.verify_mode(), VerifyMode::cert_none);
    EXPECT_FALSE(context.check_hostname());
}

TEST(SSLContext, does_not_check_a_name_without_checking_the_certificate) {
    const SSLContext context(Protocol::tls_client);
    EXPECT_EQ(thrown_by([&] {
                  context.set_verify_mode(VerifyMode::cert_none);
                  return 0;
              }),
              "ValueError: Cannot set verify_mode to cert_none when check_hostname is enabled.");
    context.set_check_hostname(false);
    context.set_verify_mode(VerifyMode::cert_none);
    context.set_check_hostname(true);
    EXPECT_EQ(context.verify_mode(), VerifyMode::cert_required);
}

TEST(SSLContext, names_the_file_that_it_cannot_load) {
    const SSLContext context(Protocol::tls_server);
    const CertificateFiles good = authority().issue();
    const std::string other_key = authority().issue().key;
    const std::string no_pem = authority().write("no.pem", "this is no certificate\n");
    const auto error = [&](const std::string& certificate, const std::string& key) {
        return thrown_by([&] {
            context.load_cert_chain(certificate, key);
            return 0;
        });
    };
    EXPECT_EQ(error("/nowhere/a.pem", good.key),
              "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/a.pem'");
    EXPECT_EQ(error(good.certificate, "/nowhere/a.key"),
              "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/a.key'");
    EXPECT_EQ(error(no_pem, good.key), "ssl::SSLError: [SSL: PEM_LIB] PEM lib: certificate '" +
                                           no_pem + "', key '" + good.key + "'");
    EXPECT_TRUE(error(good.certificate, other_key)
                    .starts_with("ssl::SSLError: [X509: KEY_VALUES_MISMATCH] key values mismatch"))
        << error(good.certificate, other_key);
}

TEST(SSLContext, decrypts_a_key_with_its_password) {
    const CertificateFiles files = authority().issue({.key_password = "secret"});
    const auto error = [&](std::optional<std::string> password) {
        const SSLContext context(Protocol::tls_server);
        return thrown_by([&] {
            context.load_cert_chain(files.certificate, files.key, std::move(password));
            return 0;
        });
    };
    EXPECT_EQ(error("secret"), "nothing");
    EXPECT_NE(error("wrong"), "nothing");
    EXPECT_NE(error(std::nullopt), "nothing");  // and asks no terminal
}

TEST(SSLContext, trusts_certificates_of_a_file_or_a_text) {
    const SSLContext context(Protocol::tls_client);
    context.load_verify_locations({.cafile = authority().certificate()});
    const std::string text = contents_of(authority().certificate());
    context.load_verify_locations({.cadata = text});
    context.load_verify_locations({.cadata = text + text + "\n"});
    const auto error = [&](const VerifyLocations& locations) {
        return thrown_by([&] {
            context.load_verify_locations(locations);
            return 0;
        });
    };
    EXPECT_EQ(error({}), "ValueError: cafile, capath and cadata cannot be all omitted");
    EXPECT_EQ(error({.cafile = "/nowhere/ca.pem"}),
              "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/ca.pem'");
    EXPECT_NE(error({.cadata = ""}), "nothing");
    EXPECT_NE(error({.cadata = "no certificate"}), "nothing");
    EXPECT_NE(error({.cadata = text.substr(0, text.size() / 2)}), "nothing");
}

TEST(SSLContext, refuses_ciphers_and_protocols_that_there_are_not) {
    const SSLContext context(Protocol::tls_client);
    EXPECT_EQ(thrown_by([&] {
                  context.set_ciphers("NO-SUCH-CIPHER");
                  return 0;
              }),
              "ssl::SSLError: [SSL: NO_CIPHER_MATCH] no cipher match: ciphers 'NO-SUCH-CIPHER'");
    EXPECT_EQ(thrown_by([&] {
                  context.set_alpn_protocols({"h2", ""});
                  return 0;
              }),
              "ValueError: an ALPN protocol has 1 to 255 bytes, not 0: ''");
}

TEST(SSLContext, is_for_one_side) {
    const StreamSecurity client = client_context();
    const StreamSecurity server = server_context();
    EXPECT_EQ(thrown_by([&] { return client->server_layer(); }),
              "ValueError: an SSLContext for clients cannot protect a server's connection");
    EXPECT_EQ(thrown_by([&] { return server->client_layer("localhost"); }),
              "ValueError: an SSLContext for servers cannot protect a client's connection");
}

TEST(SSLContext, asks_for_a_name_that_can_be_one) {
    const StreamSecurity client = client_context();
    EXPECT_EQ(thrown_by([&] { return client->client_layer(""); }),
              "ValueError: check_hostname requires server_hostname");
    EXPECT_EQ(thrown_by([&] {
                  return client->client_layer(
                      "b\xc3\xbc"
                      "cher.example");
              }),
              "ValueError: server_hostname 'b\xc3\xbc"
              "cher.example' is not ASCII; write an international name as xn--…");
    // To OpenSSL a dot in front would mean any name below it.
    EXPECT_EQ(thrown_by([&] { return client->client_layer(".example.com"); }),
              "ValueError: server_hostname '.example.com' begins with a dot");
    EXPECT_EQ(thrown_by([&] { return client->client_layer("."); }),
              "ValueError: server_hostname '.' is no name");
}

// An empty one would be no context at all, and a connection with it plain text.
TEST(SSLContext, is_still_one_when_it_was_moved_from) {
    SSLContext context = client_context();
    const SSLContext other = std::move(context);
    EXPECT_NE(StreamSecurity(context), nullptr);
    EXPECT_EQ(StreamSecurity(context), StreamSecurity(other));
}

TEST(SSLContext, keeps_its_certificate_when_another_is_no_good) {
    const SSLContext context = server_context();
    EXPECT_NE(thrown_by([&] {
                  context.load_cert_chain(authority().issue().certificate, authority().issue().key);
                  return 0;
              }),
              "nothing");
    EXPECT_TRUE(shake_hands(client_context(), context));
}

// ---- the environment

class Environment : public ::testing::Test {
protected:
    void set(const char* name, const std::string& value) {
        ::setenv(name, value.c_str(), 1);
        names_.push_back(name);
    }
    ~Environment() override {
        for (const char* name : names_) ::unsetenv(name);
    }

private:
    std::vector<const char*> names_;
};

TEST_F(Environment, names_the_file_of_those_to_trust) {
    EXPECT_THROW(shake_hands(create_default_context()), SSLCertVerificationError);
    set("SSL_CERT_FILE", authority().certificate());
    EXPECT_TRUE(shake_hands(create_default_context()));
}

TEST_F(Environment, names_the_file_for_secrets) {
    const std::string file = authority().write("secrets", "");
    set("SSLKEYLOGFILE", file);
    EXPECT_TRUE(shake_hands(
        create_default_context(Purpose::server_auth, {.cafile = authority().certificate()})));
    const std::string secrets = contents_of(file);
    EXPECT_TRUE(secrets.starts_with("SERVER_HANDSHAKE_TRAFFIC_SECRET ") ||
                secrets.find("\nSERVER_HANDSHAKE_TRAFFIC_SECRET ") != std::string::npos)
        << secrets;
    EXPECT_TRUE(secrets.ends_with('\n'));
}

TEST_F(Environment, names_no_file_for_secrets_to_a_program_with_more_rights) {
    const std::string file = authority().write("secrets", "");
    set("SSLKEYLOGFILE", file);
    has_more_rights = true;
    const SSLContext context =
        create_default_context(Purpose::server_auth, {.cafile = authority().certificate()});
    has_more_rights = false;
    EXPECT_TRUE(shake_hands(context));
    EXPECT_EQ(contents_of(file), "");
}

TEST(SSLContext, goes_on_with_its_file_for_secrets_when_another_is_no_good) {
    const std::string file = authority().write("secrets", "");
    const SSLContext context = client_context();
    context.set_keylog_filename(file);
    EXPECT_NE(thrown_by([&] {
                  context.set_keylog_filename("/nowhere/secrets");
                  return 0;
              }),
              "nothing");
    EXPECT_TRUE(shake_hands(context));
    EXPECT_NE(contents_of(file), "");
}

TEST(SSLContext, keeps_secrets_from_others) {
    const std::string file = authority().certificate() + ".secrets";
    client_context().set_keylog_filename(file);
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_TRUE(thrown_by([&] {
                    client_context().set_keylog_filename("/nowhere/secrets");
                    return 0;
                }).starts_with("FileNotFoundError"));
}

}  // namespace
}  // namespace weft::ssl

// SPDX-License-Identifier: Apache-2.0
// weft/tls/ssl_context.hpp - SSLContext: certificates, and what is asked of a peer.
//
//   Stream stream = co_await open_connection(host, 443, {.ssl = ssl::create_default_context()});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weft/io/transport_security.hpp>

namespace weft::ssl {

namespace internal {
class ContextState;
}

/// Python's PROTOCOL_TLS_CLIENT and PROTOCOL_TLS_SERVER.
enum class Protocol : std::uint8_t { tls_client, tls_server };
/// What the context is to check: a client checks servers.
enum class Purpose : std::uint8_t { server_auth, client_auth };
enum class VerifyMode : std::uint8_t {
    cert_none,      ///< the peer's certificate is not looked at
    cert_optional,  ///< it is checked where there is one; a server's client may have none
    cert_required,
};
enum class TLSVersion : std::uint8_t { tls_v1_2, tls_v1_3 };

/// Where certificates are that others are checked against; Python's arguments of the same names.
struct VerifyLocations {
    std::optional<std::string> cafile = std::nullopt;  ///< a file of them, in PEM
    std::optional<std::string> capath = std::nullopt;  ///< a folder of them, named by their hash
    std::optional<std::string> cadata = std::nullopt;  ///< PEM text
};

/// A handle: copies are the same context. Set it up before connections use it; what is changed
/// afterwards is for those that begin afterwards.
///
/// TLS 1.2 and 1.3 only, without compression or renegotiation. A client that comes back to a name
/// resumes its last session with it, where the server lets it.
///
/// Thread: connections of several loops may use it at the same time; the functions that change it
///         are for one thread at a time, before.
/// Limits: a client keeps the sessions of 1,000 names.
/// Spec:   ssl.SSLContext.
class SSLContext {
public:
    /// For clients, cert_required and check_hostname; nothing is trusted yet.
    /// Errors: SSLError
    explicit SSLContext(Protocol protocol);
    // None that is moved from, which would be none, and so plain text.
    SSLContext(const SSLContext&) noexcept = default;
    SSLContext& operator=(const SSLContext&) noexcept = default;
    ~SSLContext() = default;

    [[nodiscard]] Protocol protocol() const noexcept;

    /// Shows the peer a certificate: `certfile` is PEM, with those that vouch for it behind it.
    /// Without `keyfile` the private key is in it, too; `password` decrypts it.
    /// Errors: FileNotFoundError, PermissionError
    ///         SSLError   not PEM, a wrong password, a key of another certificate
    void load_cert_chain(const std::string& certfile,
                         std::optional<std::string> keyfile = std::nullopt,
                         std::optional<std::string> password = std::nullopt) const;
    /// Trusts these, beside those that it trusts already.
    /// Errors: FileNotFoundError, PermissionError
    ///         ValueError   none of the three
    ///         SSLError     no certificate in it
    void load_verify_locations(const VerifyLocations& locations) const;
    /// Trusts what the system does, or the file and the folder that SSL_CERT_FILE and SSL_CERT_DIR
    /// name.
    void load_default_certs() const;

    [[nodiscard]] VerifyMode verify_mode() const noexcept;
    /// Errors: ValueError for cert_none while check_hostname is on.
    void set_verify_mode(VerifyMode mode) const;
    /// Whether a server's certificate must be that of the host.
    [[nodiscard]] bool check_hostname() const noexcept;
    /// True makes cert_none to cert_required.
    void set_check_hostname(bool check) const;

    [[nodiscard]] TLSVersion minimum_version() const noexcept;
    void set_minimum_version(TLSVersion version) const;
    void set_maximum_version(TLSVersion version) const;
    /// Those of TLS 1.2, in OpenSSL's notation.
    /// Errors: SSLError when none is left.
    void set_ciphers(const std::string& ciphers) const;
    /// The protocols above TLS, the preferred one first. The server decides.
    /// Errors: ValueError for a name that is empty or has more than 255 bytes.
    void set_alpn_protocols(const std::vector<std::string>& protocols) const;

    /// Of a server. Called with the name that a client asks for; gives the context to go on with,
    /// or nothing for this one. What that context asks of a client holds, also where an earlier
    /// session would be resumed. An error in it fails the handshake, and is logged.
    /// Thread: called on each loop that serves with this context, perhaps at the same time.
    using SNICallback = std::function<std::optional<SSLContext>(std::string_view server_name)>;
    void set_sni_callback(SNICallback callback) const;

    /// Appends the secrets of each connection to a file, so that a tool such as Wireshark can read
    /// its traffic.
    /// Errors: OSError
    void set_keylog_filename(const std::string& filename) const;

    /// For `{.ssl = context}`.
    operator StreamSecurity() const noexcept;

    // Implementation.
    [[nodiscard]] const std::shared_ptr<internal::ContextState>& state() const noexcept {
        return state_;
    }

private:
    std::shared_ptr<internal::ContextState> state_;
};

/// A context with settings for what it is to check. Without `locations` it trusts what the system
/// does. Where SSLKEYLOGFILE names a file, secrets go there.
/// Errors: those of load_verify_locations(), and of set_keylog_filename() for that file.
/// Spec:   ssl.create_default_context of Python 3.13: a certificate must also be formed strictly
///         as RFC 5280 says, and one that is trusted itself needs no further ones.
[[nodiscard]] SSLContext create_default_context(Purpose purpose = Purpose::server_auth,
                                                const VerifyLocations& locations = {});

}  // namespace weft::ssl

// SPDX-License-Identifier: Apache-2.0
// weft/io/streams.hpp - open_connection() and its like: both halves of a stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>  // IWYU pragma: export
#include <weft/io/stream_reader.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

struct OpenConnectionOptions {
    std::ptrdiff_t limit = StreamReader::default_limit;      ///< of the reader
    AddressFamily family = af_unspec;                        ///< only addresses of this family
    std::optional<Resolver> resolver = std::nullopt;         ///< nullopt: weft::getaddrinfo()
    std::optional<SocketAddress> local_addr = std::nullopt;  ///< to connect from
    /// How long an attempt may take before the next address is tried beside it; nullopt, and where
    /// `local_addr` names a port: until it has failed, which may be minutes.
    std::optional<Delay> happy_eyeballs_delay = std::chrono::milliseconds(250);
    /// How many addresses of the first family come before the families take turns; 0 leaves them in
    /// the order of the resolver. nullopt: 1 with a delay, else 0.
    std::optional<int> interleave = std::nullopt;
    /// An ssl::SSLContext: the stream is protected from its beginning.
    StreamSecurity ssl = nullptr;
    /// Whose certificate the server must have; nullopt: that of `host`.
    std::optional<std::string> server_hostname = std::nullopt;
    Delay ssl_handshake_timeout = ssl_handshake_timeout_default;
    /// How long a peer may take nothing of what is sent, and not answer, once this side has closed.
    Delay ssl_shutdown_timeout = ssl_shutdown_timeout_default;
};

/// Connects to `host`, a name or a numeric address; of several addresses to the one that answers
/// first ("happy eyeballs"), which asyncio does only when it is asked to.
///
/// Errors:   OSError      the only attempt's; or, with several, one whose text has them all and
///                        whose cause is the ExceptionGroup of them, of their type where they have
///                        the same one
///           GaiError     the name has no address
///           ValueError   the limit is not above zero, the port not within 0 to 65535, or
///                        `interleave` below zero; a `server_hostname` without `ssl`
///           and with `ssl` those of StreamWriter::start_tls()
/// Cancel:   safe; an attempt that is under way is given up.
/// Suspends: maybe; nearly always.
/// Spec:     asyncio.open_connection; RFC 8305.
[[nodiscard]] Coro<StreamPair> open_connection(std::string host, int port,
                                               OpenConnectionOptions options = {});

/// The same to the first of these addresses that answers, for one who has looked them up.
///
/// Errors:   as above, but for those of names; ValueError when there is no address, or `ssl` without
///           a `server_hostname` (it may be empty)
/// Cancel, Suspends: as above.
[[nodiscard]] Coro<StreamPair> open_connection(std::vector<SocketAddress> addresses,
                                               OpenConnectionOptions options = {});

/// Makes a stream of a socket that is connected; it becomes non-blocking, and the stream's.
/// Errors:   OSError when it is not connected; ValueError when it is no stream socket, the limit not
///           above zero, or `ssl` without a `server_hostname` (it may be empty); and with `ssl` those
///           of StreamWriter::start_tls(). It is closed then.
/// Suspends: never; always with `ssl`.
/// Spec:     `asyncio.open_connection(sock=…)`.
[[nodiscard]] Coro<StreamPair> open_connection(Socket sock, OpenConnectionOptions options = {});

/// Connects to a Unix socket; a path that begins with a null byte is an abstract name.
/// Errors:   OSError, such as FileNotFoundError and ConnectionRefusedError; ValueError for `ssl`
///           without a `server_hostname`; and with `ssl` those of StreamWriter::start_tls().
/// Spec:     asyncio.open_unix_connection.
[[nodiscard]] Coro<StreamPair> open_unix_connection(std::string path,
                                                    OpenConnectionOptions options = {});

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/io/stream_writer.hpp - StreamWriter: the sending half of a stream, and its end.
#pragma once

#include <cstddef>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

namespace internal {
class StreamTransport;
class WriterEnd;
}  // namespace internal

/// In bytes; Python's defaults for what is left out: 64 KiB and a quarter of `high`.
struct WriteBufferLimits {
    std::optional<std::ptrdiff_t> high = std::nullopt;
    std::optional<std::ptrdiff_t> low = std::nullopt;
};

struct StartTLSOptions {
    /// Whose certificate the server must have; a name or a numeric address.
    std::optional<std::string> server_hostname = std::nullopt;
    Delay ssl_handshake_timeout = ssl_handshake_timeout_default;
    /// How long a peer may take nothing of what is sent, and not answer, once this side has closed.
    Delay ssl_shutdown_timeout = ssl_shutdown_timeout_default;
};

/// What became of write_all(): it was sent, or the error. The compiler warns where a `co_await` of
/// write_all() ignores it.
class [[nodiscard]] WriteResult : public std::expected<void, std::error_code> {
public:
    using std::expected<void, std::error_code>::expected;
};

/// Writes to the peer. A handle: copies write to the same stream, and when the
/// last of them is gone the connection is closed, as by close(); debug mode warns of it, but for
/// connections that a server has accepted.
///
///     writer.write("hello\n");
///     co_await writer.drain();
///
/// Limits: a writer that never drains buffers without bound, as in asyncio: drain() waits while
///         more than the high-water mark is unsent.
/// Spec:   asyncio.StreamWriter.
class StreamWriter {
public:
    StreamWriter(const StreamWriter&) noexcept;
    StreamWriter(StreamWriter&&) noexcept;
    StreamWriter& operator=(StreamWriter) noexcept;
    ~StreamWriter();

    /// Sends what the system takes at once, and buffers the rest. Throws no error of the
    /// connection: drain() and the reader do.
    /// Errors: RuntimeError after write_eof(). After close() and once the connection is lost, the
    ///         data is dropped.
    void write(BytesView data) const;
    /// The same, one after the other.
    void writelines(std::initializer_list<BytesView> data) const;
    void writelines(const std::vector<Bytes>& data) const;

    /// Waits until there is room to write: at once while less than the high-water mark is unsent,
    /// else until it is down to the low one.
    ///
    /// Errors:   what the connection was lost with; ConnectionResetError("Connection lost") when
    ///           it was closed; RuntimeError in another loop than its own
    /// Cancel:   safe; what was written is still sent.
    /// Suspends: maybe; always after close().
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> drain() const;

    /// Writes `data` now, as write() does, and then waits until the system has taken all of it.
    ///
    /// Returns:   true; or the error of the connection, such as std::errc::connection_reset or
    ///            broken_pipe: connection_reset, too, where this side has closed it, and
    ///            std::errc::protocol_error where the error is not the system's. Then a part may
    ///            have been sent
    /// Errors:    those of write(); RuntimeError in another loop than its own
    /// Cancel:    safe; what was written is still sent.
    /// Suspends:  maybe; never when the system takes all at once.
    /// Lifetime:  `data` is copied, or sent, before it returns.
    [[nodiscard, clang::coro_wrapper]] Coro<WriteResult> write_all(BytesView data) const;

    /// Ends the stream for the peer once all is sent; reading goes on. A second call does nothing.
    /// A pipe is closed then.
    /// Errors: NotImplementedError where can_write_eof() is false.
    void write_eof() const;
    /// Whether the peer can be told of an end: not in a protected stream.
    [[nodiscard]] bool can_write_eof() const noexcept;

    /// Goes on under TLS: as the server where a Server has accepted the connection, else as the
    /// client. Drains first; reader and writer stay the same objects.
    ///
    /// What has been received and was not read belongs to the handshake, so that no plain text can
    /// pass for the peer's: at a client there must be none.
    ///
    /// Errors:   those of drain()
    ///           RuntimeError, ValueError  it is protected already or has ended; check_hostname
    ///                                   without a server_hostname, a context of the other side, a
    ///                                   limit that is not above zero. Nothing has happened then;
    ///                                   after the others the connection is closed
    ///           ssl::SSLError           the handshake failed; ssl::SSLCertVerificationError the peer
    ///                                   is not to be trusted, or not `server_hostname`
    ///           ConnectionAbortedError  it took longer than `ssl_handshake_timeout`
    ///           ConnectionResetError    the peer has gone
    /// Cancel:   closes the connection once the handshake has begun.
    /// Suspends: always.
    /// Spec:     asyncio.StreamWriter.start_tls.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> start_tls(
        StreamSecurity sslcontext, StartTLSOptions options = {}) const;
    /// What the peers agreed on; null for plain text. Python's `get_extra_info("ssl_object")`.
    /// Lifetime: that of the writer's handles.
    [[nodiscard]] const SSLObject* ssl_object() const noexcept;

    /// Sends what is buffered, then closes the connection. A peer that does not read keeps it open:
    /// abort() does not wait for it. A protected one is closed once the peer has answered, too, or
    /// takes longer than `ssl_shutdown_timeout`, a TimeoutError then.
    void close() const;
    /// Whether close() or abort() was called, or the connection was lost.
    [[nodiscard]] bool is_closing() const noexcept;
    /// Waits until the connection is closed.
    ///
    /// Errors:   what it was lost with; RuntimeError in another loop than its own
    /// Cancel:   safe; it is closed all the same.
    /// Suspends: maybe; never once it is closed.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> wait_closed()
        const;
    /// Closes the connection; what is buffered is not sent. Python's `writer.transport.abort()`.
    void abort() const;

    /// The marks of drain(). Python's `writer.transport.set_write_buffer_limits()`.
    /// Errors: ValueError unless high >= low >= 0.
    void set_write_buffer_limits(WriteBufferLimits limits = {}) const;
    /// The low and the high mark.
    [[nodiscard]] std::pair<std::size_t, std::size_t> get_write_buffer_limits() const noexcept;
    /// How many bytes were written and not sent.
    [[nodiscard]] std::size_t get_write_buffer_size() const noexcept;

    /// Where the peer is; Python's `get_extra_info("peername")`. Known after the end, too. No
    /// address for a pipe, and on io_uring for a client that was gone before its server saw it.
    [[nodiscard]] SocketAddress peername() const;
    /// Errors: OSError once the connection is closed, and for a pipe.
    [[nodiscard]] SocketAddress sockname() const;
    /// The descriptor; -1 once the connection is closed.
    [[nodiscard]] int fileno() const noexcept;

    // Implementation.
    explicit StreamWriter(const Ref<internal::StreamTransport>& transport) noexcept;

private:
    [[nodiscard]] internal::StreamTransport& transport() const noexcept;
    [[nodiscard]] internal::StreamTransport& checked() const;
    Ref<internal::WriterEnd> end_;
};

}  // namespace weft

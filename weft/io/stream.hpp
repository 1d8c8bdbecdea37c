// SPDX-License-Identifier: Apache-2.0
// weft/io/stream.hpp - Stream: both directions of a connection in one object.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

/// `auto [reader, writer] = co_await open_connection(host, port);`
using StreamPair = std::pair<StreamReader, StreamWriter>;

/// Both directions of a connection, for one who reads and writes. What asyncio has in two objects:
///
///     Stream stream = co_await open_connection(host, port);
///     if (const auto sent = co_await stream.write_all(request); !sent) { … sent.error() … }
///     Bytes head = co_await stream.readuntil("\r\n\r\n");
///
/// A handle: copies are the same connection, which is closed with the last handle that can write.
/// One task may read while another writes.
class Stream {
public:
    Stream(StreamPair halves) noexcept
        : reader_(std::move(halves.first)), writer_(std::move(halves.second)) {}
    Stream(StreamReader reader, StreamWriter writer) noexcept
        : reader_(std::move(reader)), writer_(std::move(writer)) {}

    [[nodiscard]] const StreamReader& reader() const noexcept { return reader_; }
    [[nodiscard]] const StreamWriter& writer() const noexcept { return writer_; }

    // As those of StreamReader.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> read(
        std::ptrdiff_t n = -1) const {
        return reader_.read(n);
    }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> readexactly(
        std::ptrdiff_t n) const {
        return reader_.readexactly(n);
    }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> readline()
        const {
        return reader_.readline();
    }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> readuntil(
        Separators separators = "\n") const {
        return reader_.readuntil(std::move(separators));
    }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<std::optional<Bytes>>
    next() const {
        return reader_.next();
    }
    [[nodiscard]] bool at_eof() const noexcept { return reader_.at_eof(); }

    // As those of StreamWriter.
    [[nodiscard, clang::coro_wrapper]] Coro<WriteResult> write_all(BytesView data) const {
        return writer_.write_all(data);
    }
    void write(BytesView data) const { writer_.write(data); }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> drain() const {
        return writer_.drain();
    }
    void write_eof() const { writer_.write_eof(); }
    void close() const { writer_.close(); }
    [[nodiscard]] bool is_closing() const noexcept { return writer_.is_closing(); }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> wait_closed()
        const {
        return writer_.wait_closed();
    }
    void abort() const { writer_.abort(); }
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> start_tls(
        StreamSecurity sslcontext, StartTLSOptions options = {}) const {
        return writer_.start_tls(std::move(sslcontext), std::move(options));
    }
    [[nodiscard]] const SSLObject* ssl_object() const noexcept { return writer_.ssl_object(); }
    [[nodiscard]] SocketAddress peername() const { return writer_.peername(); }
    [[nodiscard]] SocketAddress sockname() const { return writer_.sockname(); }
    [[nodiscard]] int fileno() const noexcept { return writer_.fileno(); }

private:
    StreamReader reader_;
    StreamWriter writer_;
};

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/io/stream_reader.hpp - StreamReader: the receiving half of a stream.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

/// What readuntil() looks for: `"\r\n"`, or the first of several, `{"\r\n", "\n"}`.
class Separators {
public:
    Separators(std::string_view one);
    Separators(const std::string& one) : Separators(std::string_view(one)) {}
    Separators(const char* one) : Separators(std::string_view(one)) {}
    Separators(std::initializer_list<std::string_view> any);
    explicit Separators(std::vector<std::string> any);

    /// Errors: ValueError when there is none, or an empty one.
    void check() const;

    struct Match {
        std::size_t begin;
        std::size_t end;
    };
    /// The match that ends first, from `at` on.
    [[nodiscard]] std::optional<Match> find(BytesView text, std::size_t at) const;
    [[nodiscard]] std::size_t longest() const noexcept { return any_.back().size(); }

private:
    std::vector<std::string> any_;  // the shortest first
};

/// Reads what the peer sends. A handle: copies read from the same stream.
///
/// Two tasks must not wait for one stream at the same time; the second gets a RuntimeError, since
/// who would get which bytes were chance.
///
/// An error of the connection comes after the bytes that came before it. (Where asyncio raises it
/// at once, and those are lost.) Once thrown, it is thrown by each further call.
///
/// Cancel: safe, in all of it: bytes stay in the stream until a call returns them.
/// Limits: `limit`, 64 KiB by default: the longest line or message up to a separator; above twice
///         that, the transport stops reading until the buffer is down to the limit.
/// Spec:   asyncio.StreamReader.
class StreamReader {
public:
    static constexpr std::ptrdiff_t default_limit = 64 * 1024;

    /// A reader that is not connected: feed_data() and feed_eof() are its stream, as in tests.
    /// Errors: ValueError for a limit that is not above zero.
    explicit StreamReader(std::ptrdiff_t limit = default_limit);

    /// Waits for some bytes, and returns what there is, up to `n`; without `n`, reads to the end.
    ///
    /// Returns:  empty at the end of the stream, and at once when `n` is zero.
    /// Errors:   the connection's error, when there are no bytes before it
    ///           RuntimeError   another task waits for this stream, or one of another loop has
    /// Suspends: maybe; never while there are bytes, or at the end.
    /// Limits:   none without `n`: all that the peer sends is kept in memory.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> read(
        std::ptrdiff_t n = -1) const;

    /// Reads `n` bytes, be they more than the limit.
    ///
    /// Errors:   IncompleteReadError  the end came before; what there was is in it, and taken
    ///           ValueError           `n` is negative
    ///           and those of read(), which leave what there was in the stream.
    /// Suspends: maybe; never while there are so many.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> readexactly(
        std::ptrdiff_t n) const;

    /// Reads a line with its "\n".
    ///
    /// Returns:  the rest at the end of the stream, without a "\n"; then empty.
    /// Errors:   ValueError  the line is longer than the limit. As far as it has come, it is
    ///                       dropped from the stream
    ///           and those of read().
    /// Suspends: maybe; never while there is a line.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> readline()
        const;

    /// Reads up to a separator, and returns that with it. Of several that match, the one that
    /// ends first counts.
    ///
    /// Errors:   IncompleteReadError  the end came before; what there was is in it, and taken
    ///           LimitOverrunError    no separator within the limit; nothing is taken
    ///           ValueError           no separator, or an empty one
    ///           and those of read().
    /// Suspends: maybe; never while there is a separator.
    /// Cost:     each byte is looked at twice at most for each separator, however it arrives.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> readuntil(
        Separators separators = "\n") const;

    /// `while (auto line = co_await reader.next())` is Python's `async for line in reader`.
    ///
    /// Returns: what readline() does; nothing at the end.
    /// Errors:  those of readline().
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<std::optional<Bytes>>
    next() const;

    /// Waits for some bytes, and shows all that there are without taking them; skip() takes them.
    ///
    /// For a parser, which looks at bytes and copies what it wants to keep.
    /// Returns:  empty at the end of the stream. Valid until something is read from it, or a task
    ///           waits.
    /// Errors:   those of read()
    /// Suspends: maybe; never while there are bytes, or at the end.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<BytesView> peek()
        const;
    /// Takes the first `n` bytes, of which there are so many.
    void skip(std::size_t n) const;

    /// Whether the peer has ended the stream and all was read.
    [[nodiscard]] bool at_eof() const noexcept { return buffer_->eof() && buffer_->size() == 0; }
    /// The error that the connection ended with; null when none.
    [[nodiscard]] std::exception_ptr exception() const noexcept { return buffer_->error(); }

    // For what brings the bytes.

    /// Errors: RuntimeError after feed_eof().
    void feed_data(BytesView data) const { buffer_->feed(data); }
    /// The same, which copies nothing where all that came before was read.
    void feed_whole(Bytes data) const { buffer_->feed_whole(std::move(data)); }
    /// The same of what `append(bytes)` adds to the end of `bytes`, be it before an error.
    template <std::invocable<Bytes&> F>
    void feed_by(F append) const {
        buffer_->feed_by(std::move(append));
    }
    /// Whether feed_eof() was called.
    [[nodiscard]] bool has_eof() const noexcept { return buffer_->eof(); }
    void feed_eof() const { buffer_->feed_eof(); }
    void set_exception(std::exception_ptr error) const { buffer_->fail(std::move(error)); }
    /// Lifetime: `transport` holds a copy of this reader, and outlives the stream or is taken away
    ///           by set_transport(nullptr).
    void set_transport(ReadTransport* transport) const noexcept {
        buffer_->set_transport(transport);
    }
    /// Errors: RuntimeError when it belongs to another loop; else it belongs to this one.
    void bind(EventLoop& loop) const { buffer_->bind(loop); }
    /// What has arrived and was not read.
    [[nodiscard]] BytesView buffered() const noexcept { return buffer_->view(); }
    [[nodiscard]] Bytes take_buffered() const { return buffer_->take(buffer_->size()); }

private:
    Ref<internal::ReceiveBuffer> buffer_;
};

}  // namespace weft

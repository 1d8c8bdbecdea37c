// SPDX-License-Identifier: Apache-2.0
// weft/http/client/payload.hpp - Payload: the body of a request.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

/// A payload while it is sent.
class PayloadReader {
public:
    explicit PayloadReader(std::optional<std::uint64_t> size) noexcept : size_(size) {}
    PayloadReader(const PayloadReader&) = delete;
    PayloadReader& operator=(const PayloadReader&) = delete;
    virtual ~PayloadReader() = default;

    /// In bytes, where it is known before all of it was read.
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept { return size_; }
    /// Waits for the next piece.
    /// Returns:  an empty one at the end.
    /// Errors:   those of where it comes from.
    /// Lifetime: the piece lives until the next call.
    [[nodiscard]] virtual Coro<BytesView> next() = 0;
    /// Lets go of where it comes from, which may have to wait. Nothing follows.
    [[nodiscard]] virtual Coro<void> aclose() { co_return; }

private:
    std::optional<std::uint64_t> size_;
};

/// The body of a request: bytes, a file, or what a generator gives while it is sent. A handle.
///
///     co_await session.put(url).data(Payload::file("backup.tar"));
///     co_await session.post(url).data(lines());  // an AsyncGenerator<Bytes>
///
/// Where the length is known, it is told (Content-Length); what has none is sent in chunks. Of a
/// payload that is sent, only what the peer has not taken is in memory.
///
/// Spec: aiohttp.Payload.
class Payload {
public:
    /// Nothing.
    Payload() noexcept = default;
    Payload(Bytes bytes);
    /// What a generator gives. It is read once: where the request has to be sent again, by a
    /// redirect or a retry, that fails. With `size`, it is an error to give more or less.
    Payload(AsyncGenerator<Bytes> pieces, std::optional<std::uint64_t> size = std::nullopt);
    /// The same, of a generator that `make()` gives anew whenever the body is sent.
    template <class F>
        requires std::same_as<std::invoke_result_t<F&>, AsyncGenerator<Bytes>>
    [[nodiscard]] static Payload repeatable(F make,
                                            std::optional<std::uint64_t> size = std::nullopt) {
        return Payload(std::make_shared<Repeatable<F>>(std::move(make), size));
    }
    /// The contents of a file, as long as it is when it is opened, which is when the request is sent.
    /// Errors, then: OSError   as open_file(); ValueError   it became shorter meanwhile.
    [[nodiscard]] static Payload file(std::string path);

    /// Whether it is nothing.
    [[nodiscard]] bool empty() const noexcept { return !bytes_ && !source_; }
    /// All of it, where it is in memory; else null.
    [[nodiscard]] const Bytes* bytes() const noexcept { return bytes_.get(); }
    /// Whether it can be sent a second time.
    [[nodiscard]] bool is_repeatable() const noexcept;
    /// The last segment of a file's path; else empty.
    [[nodiscard]] std::string_view filename() const noexcept;

    /// Begins to read it, from its beginning.
    /// Errors: OSError        as said at file()
    ///         RuntimeError   it was read, and cannot be again.
    [[nodiscard]] Coro<std::unique_ptr<PayloadReader>> open() const;

    // Implementation.
    class Source;
    explicit Payload(std::shared_ptr<Source> source) noexcept : source_(std::move(source)) {}

private:
    template <class F>
    class Repeatable;
    static std::unique_ptr<PayloadReader> reader_of(AsyncGenerator<Bytes> pieces,
                                                    std::optional<std::uint64_t> size);

    std::shared_ptr<const Bytes> bytes_;  // null where it is empty, or not in memory
    std::shared_ptr<Source> source_;      // null where it is in memory
};

/// Where a payload comes from that is not in memory.
class Payload::Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    [[nodiscard]] virtual bool is_repeatable() const noexcept = 0;
    [[nodiscard]] virtual std::string_view filename() const noexcept { return {}; }
    [[nodiscard]] virtual Coro<std::unique_ptr<PayloadReader>> open() = 0;
};

template <class F>
class Payload::Repeatable final : public Source {
public:
    Repeatable(F make, std::optional<std::uint64_t> size) : make_(std::move(make)), size_(size) {}

    [[nodiscard]] bool is_repeatable() const noexcept override { return true; }
    Coro<std::unique_ptr<PayloadReader>> open() override { co_return reader_of(make_(), size_); }

private:
    F make_;
    std::optional<std::uint64_t> size_;
};

}  // namespace weft::http

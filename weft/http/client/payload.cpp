// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/payload.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/file.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

constexpr std::size_t piece_bytes = std::size_t{256} * 1024;

using Reader = std::unique_ptr<PayloadReader>;

// ---- what is in memory

class BytesReader final : public PayloadReader {
public:
    explicit BytesReader(std::shared_ptr<const Bytes> bytes)
        : PayloadReader(bytes ? bytes->size() : 0), bytes_(std::move(bytes)) {
        if (bytes_) left_ = *bytes_;
    }

private:
    Coro<BytesView> next() override {
        const BytesView piece = left_.substr(0, piece_bytes);
        left_.remove_prefix(piece.size());
        co_return piece;
    }

    std::shared_ptr<const Bytes> bytes_;
    BytesView left_;
};

// ---- what a generator gives

class GeneratorReader final : public PayloadReader {
public:
    GeneratorReader(AsyncGenerator<Bytes> pieces, std::optional<std::uint64_t> size)
        : PayloadReader(size), pieces_(std::move(pieces)) {}

private:
    // An empty piece is not the end.
    Coro<BytesView> next() override {
        co_await transparent;
        for (;;) {
            auto piece = co_await pieces_.next();
            piece_ = piece ? std::move(*piece) : Bytes();
            if (!piece || !piece_.empty()) co_return piece_;
        }
    }
    Coro<void> aclose() override {
        co_await transparent;
        co_await pieces_.aclose();
    }

    AsyncGenerator<Bytes> pieces_;
    Bytes piece_;
};

class OnceSource final : public Payload::Source {
public:
    OnceSource(AsyncGenerator<Bytes> pieces, std::optional<std::uint64_t> size)
        : pieces_(std::move(pieces)), size_(size) {}

    [[nodiscard]] bool is_repeatable() const noexcept override { return false; }
    Coro<Reader> open() override {
        if (!pieces_) throw RuntimeError("the body was read from its generator already");
        AsyncGenerator<Bytes> pieces = *std::move(pieces_);
        pieces_.reset();
        co_return std::make_unique<GeneratorReader>(std::move(pieces), size_);
    }

private:
    std::optional<AsyncGenerator<Bytes>> pieces_;
    std::optional<std::uint64_t> size_;
};

// ---- what a file contains

class FileReader final : public PayloadReader {
public:
    FileReader(File file, std::uint64_t size) : PayloadReader(size), file_(std::move(file)) {}

private:
    // What is written to it meanwhile is none of what was announced.
    Coro<BytesView> next() override {
        co_await transparent;
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(piece_bytes, *size() - static_cast<std::uint64_t>(offset_)));
        buffer_.resize(wanted);
        const auto count =
            co_await file_.pread_into(std::as_writable_bytes(std::span(buffer_)), offset_);
        if (count == 0 && wanted > 0) {
            throw ValueError("the file '" + file_.name() +
                             "' has become shorter: " + std::to_string(*size()) +
                             " bytes were announced, there are " + std::to_string(offset_));
        }
        offset_ += static_cast<std::int64_t>(count);
        co_return BytesView(buffer_).substr(0, count);
    }

    File file_;
    std::int64_t offset_ = 0;
    Bytes buffer_;
};

class FileSource final : public Payload::Source {
public:
    explicit FileSource(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] bool is_repeatable() const noexcept override { return true; }
    [[nodiscard]] std::string_view filename() const noexcept override {
        const std::string_view path = path_;
        return path.substr(path.rfind('/') + 1);
    }
    Coro<Reader> open() override {
        co_await transparent;
        const File file = co_await open_file(path_);
        co_return std::make_unique<FileReader>(file, static_cast<std::uint64_t>(file.size()));
    }

private:
    std::string path_;
};

}  // namespace

Payload::Payload(Bytes bytes)
    : bytes_(bytes.empty() ? nullptr : std::make_shared<const Bytes>(std::move(bytes))) {}

Payload::Payload(AsyncGenerator<Bytes> pieces, std::optional<std::uint64_t> size)
    : source_(std::make_shared<OnceSource>(std::move(pieces), size)) {}

std::unique_ptr<PayloadReader> Payload::reader_of(AsyncGenerator<Bytes> pieces,
                                                  std::optional<std::uint64_t> size) {
    return std::make_unique<GeneratorReader>(std::move(pieces), size);
}

Payload Payload::file(std::string path) {
    return Payload(std::make_shared<FileSource>(std::move(path)));
}

bool Payload::is_repeatable() const noexcept { return !source_ || source_->is_repeatable(); }

std::string_view Payload::filename() const noexcept {
    return source_ ? source_->filename() : std::string_view();
}

Coro<std::unique_ptr<PayloadReader>> Payload::open() const {
    co_await transparent;
    if (source_) co_return co_await source_->open();
    co_return std::make_unique<BytesReader>(bytes_);
}

}  // namespace weft::http

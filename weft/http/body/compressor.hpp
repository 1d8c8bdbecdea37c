// SPDX-License-Identifier: Apache-2.0
// weft/http/body/compressor.hpp - Compressor: a body into a content coding.
#pragma once

#include <memory>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/http/body/content_coding.hpp>

namespace weft::http {

namespace internal {
class Encoder;
}

struct CompressorOptions {
    /// 0 to 9 for gzip and deflate, 6 by default; 0 to 11 for br, 5; 1 to 19 for zstd, 3. The
    /// defaults suit what is compressed while a peer waits.
    std::optional<int> level;
};

/// Compresses a body as it is made. What it makes is one member, which any browser reads: deflate is
/// the zlib format, zstd has a window of 8 MiB at most (RFC 9659).
///
///     Compressor compressor(ContentCoding::gzip);
///     Bytes body;
///     compressor.compress(body, "hello ");
///     compressor.compress(body, "world");
///     compressor.finish(body);
///
/// Cost: about 0.3 MiB of memory for gzip and deflate; for br and zstd some MiB, and tens at their
///       highest levels.
/// Spec: Python's `zlib.compressobj()`, whose flush() is finish() by default.
class Compressor {
public:
    /// Of identity, what goes in comes out.
    /// Errors: ValueError   the level is not one of the coding's; it has none for identity.
    ///         std::bad_alloc.
    explicit Compressor(ContentCoding coding, const CompressorOptions& options = {});
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;
    ~Compressor();

    // Each appends what it makes to `out`.
    // Errors: RuntimeError   finish() has been called.

    /// May append nothing yet. What it appends at once is little more than all that went in.
    void compress(Bytes& out, BytesView data);
    /// From what was appended until now, the peer can have all that went in. Costs some bytes, and
    /// makes what follows compress worse.
    void flush(Bytes& out);
    /// The end of the data.
    void finish(Bytes& out);

private:
    internal::Encoder& encoder();

    std::unique_ptr<internal::Encoder> encoder_;
};

}  // namespace weft::http

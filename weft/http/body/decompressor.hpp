// SPDX-License-Identifier: Apache-2.0
// weft/http/body/decompressor.hpp - Decompressor: a body out of its content codings.
//
//   data ─▶ Stage (the coding applied last) ─▶ 16 KiB ─▶ Stage (the one before) ─▶ out
//             └─ Decoder: one member, by zlib, brotli or zstd
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>

namespace weft::http {

namespace internal {
class Stage;
}

/// What compressed data may become. They hold for each coding of a chain, so that none can be
/// blown up for another one.
struct DecompressionLimits {
    static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

    /// Of all content together. Who hands it on and keeps none may lift it.
    std::uint64_t bytes_max = std::uint64_t{64} * 1024 * 1024;
    /// Bytes of content for each byte that came, past `ratio_free_bytes`. gzip reaches 1,032.
    std::uint64_t ratio_max = 200;
    std::uint64_t ratio_free_bytes = std::uint64_t{1024} * 1024;
    /// Members of gzip, frames of zstd. Tools that compress in blocks, bgzip for one, make a member
    /// of each 64 KiB.
    std::uint64_t members_max = 10'000;
};

struct DecompressorOptions {
    DecompressionLimits limits;
    /// Drops what follows the end of the data, as browsers and aiohttp do, instead of refusing it.
    bool ignore_trailing_data = false;
};

/// Decompresses a body as it comes.
///
///     Decompressor decompressor(ContentCoding::gzip);
///     while (…) {
///         BytesView data = …;
///         for (;;) {
///             const auto piece = decompressor.decompress(data);
///             if (!piece) throw ValueError(describe(piece.error()));
///             if (piece->empty()) break;
///             text += *piece;
///         }
///     }
///     if (const auto done = decompressor.finish(); !done) throw ValueError(describe(done.error()));
///
/// The data may come in any pieces: the content is the same, and so is the error at its end. What was
/// decompressed before an error is given first. Only where `ratio_max` is passed depends on the pieces,
/// within one of them.
///
/// deflate is the zlib format, or raw where it does not begin so; gzip and zstd may have several
/// members, and zeros may follow the last one of gzip. A body of no bytes at all is one of no
/// content, since servers send such with any Content-Encoding.
///
/// Limits: DecompressionLimits: 64 MiB in all, 200 : 1 past the first MiB, 10,000 members.
///         The window has the size of the format at most, and takes memory as content fills it:
///         32 KiB, 16 MiB for br, 8 MiB for zstd (RFC 9659).
/// Cost:   linear in data and content. Nothing is kept of the data but what the format asks for.
/// Spec:   RFC 1950, 1951, 1952, 7932, 8878; Python's `decompressobj().decompress(data, max_length)`.
///         aiohttp drops gzip's members behind the first one.
class Decompressor {
public:
    /// What piece decompress() gives by default at most.
    static constexpr std::size_t piece_bytes_max = std::size_t{64} * 1024;

    explicit Decompressor(ContentCoding coding, const DecompressorOptions& options = {});
    /// For a chain, in the order in which they were applied: that of content_codings(). For none of
    /// them the content is the data, without limits.
    explicit Decompressor(std::span<const ContentCoding> codings,
                          const DecompressorOptions& options = {});
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    ~Decompressor();

    /// Takes bytes from the front of `data`, and puts content into `out`, which has room for some.
    ///
    /// Returns: how many bytes of content; 0 where all of the data was taken and gave no more. Until
    ///          then call again, with what is left of the data, be that nothing.
    /// Errors:  corrupt, trailing_data, too_large, ratio_exceeded, too_many_members,
    ///          window_too_large; each further call gives the same error. std::bad_alloc.
    [[nodiscard]] std::expected<std::size_t, CodingError> decompress_into(std::span<char> out,
                                                                          BytesView& data);
    /// The same into a piece of at most `bytes_max`; an empty one where the data gave no more.
    [[nodiscard]] std::expected<Bytes, CodingError> decompress(
        BytesView& data, std::size_t bytes_max = piece_bytes_max);

    /// Whether the data may end here.
    [[nodiscard]] bool is_complete() const noexcept;
    /// Tells that the data has ended.
    /// Errors: cut_off   its end has not come, or not all content was taken.
    ///         As decompress(), where that has failed.
    [[nodiscard]] std::expected<void, CodingError> finish() const;

private:
    std::expected<void, CodingError> pull(std::size_t level, std::span<char>& out, BytesView& data);
    std::expected<void, CodingError> judge_ratio(const internal::Stage& stage) const;
    std::expected<void, CodingError> refill(std::size_t level, BytesView& data);

    DecompressionLimits limits_;
    std::uint64_t taken_ = 0;  // of the data that came
    std::vector<internal::Stage> stages_;
};

}  // namespace weft::http

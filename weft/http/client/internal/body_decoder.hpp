// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/body_decoder.hpp - a compressed body, on its way to the caller.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>
#include <weft/http/client/body_limits.hpp>
#include <weft/http/headers.hpp>

namespace weft::http::internal {

/// What is fed comes out decompressed, within the limits.
class BodyDecoder {
public:
    /// Null where the headers tell of no coding. What they tell and nobody understands is an error
    /// of the first next().
    [[nodiscard]] static std::unique_ptr<BodyDecoder> for_headers(const Headers& headers,
                                                                  const BodyLimits& limits);

    /// All that was fed before must have come out.
    void feed(Bytes data) noexcept;
    /// Returns: an empty piece where more is to be fed.
    /// Errors:  CodingError
    [[nodiscard]] std::expected<Bytes, CodingError> next();
    /// Errors: CodingError   the data must not end here.
    [[nodiscard]] std::expected<void, CodingError> finish() const;

private:
    BodyDecoder(std::span<const ContentCoding> codings, const DecompressionLimits& limits);
    explicit BodyDecoder(const CodingError& error) : error_(error) {}

    std::optional<Decompressor> decompressor_;
    std::optional<CodingError> error_;
    Bytes data_;
    BytesView left_;
};

}  // namespace weft::http::internal

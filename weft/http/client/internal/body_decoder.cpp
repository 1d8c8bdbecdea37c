// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/body_decoder.hpp>

#include <expected>
#include <memory>
#include <span>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>
#include <weft/http/client/body_limits.hpp>
#include <weft/http/headers.hpp>

namespace weft::http::internal {

// As aiohttp and browsers do, what follows the end is dropped: servers pad what they send.
BodyDecoder::BodyDecoder(std::span<const ContentCoding> codings, const DecompressionLimits& limits)
    : decompressor_(Decompressor(codings, {.limits = limits, .ignore_trailing_data = true})) {}

std::unique_ptr<BodyDecoder> BodyDecoder::for_headers(const Headers& headers,
                                                      const BodyLimits& limits) {
    const auto codings = content_codings(headers, limits.codings_max);
    if (!codings) return std::unique_ptr<BodyDecoder>(new BodyDecoder(codings.error()));
    if (codings->empty()) return nullptr;
    return std::unique_ptr<BodyDecoder>(new BodyDecoder(*codings, limits.decompression));
}

void BodyDecoder::feed(Bytes data) noexcept {
    data_ = std::move(data);
    left_ = data_;
}

std::expected<Bytes, CodingError> BodyDecoder::next() {
    if (error_) return std::unexpected(*error_);
    return decompressor_->decompress(left_);
}

std::expected<void, CodingError> BodyDecoder::finish() const {
    if (error_) return std::unexpected(*error_);
    return decompressor_->finish();
}

}  // namespace weft::http::internal

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
#include <weft/http/headers.hpp>

namespace weft::http::internal {
namespace {

// As aiohttp and browsers do: servers pad what they send.
constexpr DecompressorOptions options{.limits = {.bytes_max = DecompressionLimits::unlimited},
                                      .ignore_trailing_data = true};

}  // namespace

BodyDecoder::BodyDecoder(std::span<const ContentCoding> codings)
    : decompressor_(Decompressor(codings, options)) {}

std::unique_ptr<BodyDecoder> BodyDecoder::for_headers(const Headers& headers) {
    const auto codings = content_codings(headers, content_codings_max);
    if (!codings) return std::unique_ptr<BodyDecoder>(new BodyDecoder(codings.error()));
    if (codings->empty()) return nullptr;
    return std::unique_ptr<BodyDecoder>(new BodyDecoder(*codings));
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

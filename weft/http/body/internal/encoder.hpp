// SPDX-License-Identifier: Apache-2.0
// weft/http/body/internal/encoder.hpp - Encoder: compressed data, by a library.
#pragma once

#include <cstdint>
#include <memory>

#include <weft/base/bytes.hpp>

namespace weft::http::internal {

enum class EncodeStep : std::uint8_t { compress, flush, finish };

class Encoder {
public:
    virtual ~Encoder() = default;
    /// Takes all of `data`, and appends to `out` as much as the step asks for.
    virtual void encode(Bytes& out, BytesView data, EncodeStep step) = 0;
};

// The levels are the libraries' own.
[[nodiscard]] std::unique_ptr<Encoder> make_gzip_encoder(int level);
[[nodiscard]] std::unique_ptr<Encoder> make_deflate_encoder(int level);
[[nodiscard]] std::unique_ptr<Encoder> make_br_encoder(int level);
[[nodiscard]] std::unique_ptr<Encoder> make_zstd_encoder(int level);

}  // namespace weft::http::internal

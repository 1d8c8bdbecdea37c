// SPDX-License-Identifier: Apache-2.0
// weft/http/body/internal/decoder.hpp - Decoder: one member of compressed data, by a library.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>

namespace weft::http::internal {

/// A CodingError that does not know its coding.
struct DecodeFault {
    CodingProblem problem{};
    std::string_view reason;  // never freed
};

class Decoder {
public:
    virtual ~Decoder() = default;

    /// Takes bytes from the front of `data` and fills `out` from its front, until one of them is
    /// empty or the member is over; both become what is left of them. `out` is not empty.
    /// Returns: whether the member is over. Then, or after a fault, not to be called again.
    [[nodiscard]] virtual std::expected<bool, DecodeFault> decode(std::span<char>& out,
                                                                  BytesView& data) = 0;
    /// Makes it ready for another member, where the coding has several.
    virtual void reset() {}
};

[[nodiscard]] std::unique_ptr<Decoder> make_gzip_decoder();
[[nodiscard]] std::unique_ptr<Decoder> make_deflate_decoder();
[[nodiscard]] std::unique_ptr<Decoder> make_br_decoder();
[[nodiscard]] std::unique_ptr<Decoder> make_zstd_decoder();

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
// br, by the brotli library. It takes windows of 16 MiB at most, unless asked for more.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <span>

#include <brotli/decode.h>

#include <weft/base/bytes.hpp>
#include <weft/base/free_with.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/internal/decoder.hpp>

namespace weft::http::internal {
namespace {

bool is_out_of_memory(BrotliDecoderErrorCode code) noexcept {
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
           code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

class BrDecoder final : public Decoder {
public:
    BrDecoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
        if (!state_) throw std::bad_alloc();
    }

    std::expected<bool, DecodeFault> decode(std::span<char>& out, BytesView& data) override {
        std::size_t in_left = data.size();
        std::size_t out_left = out.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(data.data());
        auto* to = reinterpret_cast<std::uint8_t*>(out.data());
        const auto result =
            BrotliDecoderDecompressStream(state_.get(), &in_left, &in, &out_left, &to, nullptr);
        data.remove_prefix(data.size() - in_left);
        out = out.last(out_left);
        if (result == BROTLI_DECODER_RESULT_ERROR) return std::unexpected(fault());
        return result == BROTLI_DECODER_RESULT_SUCCESS;
    }

private:
    [[nodiscard]] DecodeFault fault() const {
        const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_.get());
        if (is_out_of_memory(code)) throw std::bad_alloc();
        return {CodingProblem::corrupt, BrotliDecoderErrorString(code)};
    }

    std::unique_ptr<BrotliDecoderState, FreeWith<BrotliDecoderDestroyInstance>> state_;
};

}  // namespace

std::unique_ptr<Decoder> make_br_decoder() { return std::make_unique<BrDecoder>(); }

}  // namespace weft::http::internal

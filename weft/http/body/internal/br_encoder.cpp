// SPDX-License-Identifier: Apache-2.0
// br, by the brotli library.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <brotli/encode.h>
#include <brotli/types.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/free_with.hpp>
#include <weft/http/body/internal/encoder.hpp>

namespace weft::http::internal {
namespace {

// 512 KiB, nginx's choice, where the library's own is 4 MiB: each response has one.
constexpr std::uint32_t window_log = 19;

BrotliEncoderOperation operation_of(EncodeStep step) noexcept {
    if (step == EncodeStep::compress) return BROTLI_OPERATION_PROCESS;
    return step == EncodeStep::flush ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH;
}

class BrEncoder final : public Encoder {
public:
    explicit BrEncoder(int level) : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
        if (!state_) throw std::bad_alloc();
        set(BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level));
        set(BROTLI_PARAM_LGWIN, window_log);
    }

    void encode(Bytes& out, BytesView data, EncodeStep step) override {
        std::size_t in_left = data.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(data.data());
        do {
            std::size_t no_room = 0;  // it keeps what it makes until that is taken
            if (BrotliEncoderCompressStream(state_.get(), operation_of(step), &in_left, &in,
                                            &no_room, nullptr, nullptr) == BROTLI_FALSE) {
                throw std::bad_alloc();
            }
            std::size_t size = 0;
            const std::uint8_t* made = BrotliEncoderTakeOutput(state_.get(), &size);
            out.append(reinterpret_cast<const char*>(made), size);
        } while (in_left > 0 || BrotliEncoderHasMoreOutput(state_.get()) == BROTLI_TRUE);
    }

private:
    void set(BrotliEncoderParameter parameter, std::uint32_t value) {
        check(BrotliEncoderSetParameter(state_.get(), parameter, value) == BROTLI_TRUE,
              "brotli takes its parameters");
    }

    std::unique_ptr<BrotliEncoderState, FreeWith<BrotliEncoderDestroyInstance>> state_;
};

}  // namespace

std::unique_ptr<Encoder> make_br_encoder(int level) { return std::make_unique<BrEncoder>(level); }

}  // namespace weft::http::internal

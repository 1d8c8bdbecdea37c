// SPDX-License-Identifier: Apache-2.0
// zstd. Up to level 19 its window is within the 8 MiB of RFC 9659.
#include <array>
#include <cstddef>
#include <memory>
#include <new>

#include <zstd.h>
#include <zstd_errors.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/free_with.hpp>
#include <weft/http/body/internal/encoder.hpp>

namespace weft::http::internal {
namespace {

ZSTD_EndDirective directive_of(EncodeStep step) noexcept {
    if (step == EncodeStep::compress) return ZSTD_e_continue;
    return step == EncodeStep::flush ? ZSTD_e_flush : ZSTD_e_end;
}

class ZstdEncoder final : public Encoder {
public:
    explicit ZstdEncoder(int level) : context_(ZSTD_createCCtx()) {
        if (!context_) throw std::bad_alloc();
        set(ZSTD_c_compressionLevel, level);
        set(ZSTD_c_checksumFlag, 1);
    }

    void encode(Bytes& out, BytesView data, EncodeStep step) override {
        std::array<char, 16 * 1024> piece;
        ZSTD_inBuffer in{.src = data.data(), .size = data.size(), .pos = 0};
        std::size_t left = 0;  // to be appended before the step is done
        do {
            ZSTD_outBuffer made{.dst = piece.data(), .size = piece.size(), .pos = 0};
            left = ZSTD_compressStream2(context_.get(), &made, &in, directive_of(step));
            if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation) throw std::bad_alloc();
            check(ZSTD_isError(left) == 0, "zstd compresses what it is given");
            out.append(piece.data(), made.pos);
        } while (step == EncodeStep::compress ? in.pos < in.size : left > 0);
    }

private:
    void set(ZSTD_cParameter parameter, int value) {
        check(ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), parameter, value)) == 0,
              "zstd takes its parameters");
    }

    std::unique_ptr<ZSTD_CCtx, FreeWith<ZSTD_freeCCtx>> context_;
};

}  // namespace

std::unique_ptr<Encoder> make_zstd_encoder(int level) {
    return std::make_unique<ZstdEncoder>(level);
}

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
// zstd, within the window that RFC 9659 allows to content codings.
#include <cstddef>
#include <expected>
#include <memory>
#include <new>
#include <span>

#include <zstd.h>
#include <zstd_errors.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/free_with.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/internal/decoder.hpp>

namespace weft::http::internal {
namespace {

constexpr int window_log_max = 23;  // 8 MiB

class ZstdDecoder final : public Decoder {
public:
    ZstdDecoder() : context_(ZSTD_createDCtx()) {
        if (!context_) throw std::bad_alloc();
        const std::size_t status =
            ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log_max);
        check(ZSTD_isError(status) == 0, "zstd takes a limit of 8 MiB");
    }

    std::expected<bool, DecodeFault> decode(std::span<char>& out, BytesView& data) override {
        // zstd takes calls that cannot change anything for a mistake, after some of them.
        if (data.empty() && !may_hold_content_) return false;
        ZSTD_inBuffer in{.src = data.data(), .size = data.size(), .pos = 0};
        ZSTD_outBuffer to{.dst = out.data(), .size = out.size(), .pos = 0};
        std::size_t status = 0;
        do {
            status = ZSTD_decompressStream(context_.get(), &to, &in);
            if (ZSTD_isError(status) != 0) break;
        } while (status != 0 && to.pos < to.size && in.pos < in.size);
        data.remove_prefix(in.pos);
        out = out.subspan(to.pos);
        may_hold_content_ = out.empty();
        if (ZSTD_isError(status) != 0) return std::unexpected(fault_of(status));
        return status == 0;
    }

    void reset() override {
        ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
        may_hold_content_ = false;
    }

private:
    static DecodeFault fault_of(std::size_t status) {
        switch (ZSTD_getErrorCode(status)) {
            case ZSTD_error_memory_allocation:
                throw std::bad_alloc();
            case ZSTD_error_frameParameter_windowTooLarge:
                return {CodingProblem::window_too_large, {}};
            default:
                return {CodingProblem::corrupt, ZSTD_getErrorName(status)};
        }
    }

    std::unique_ptr<ZSTD_DCtx, FreeWith<ZSTD_freeDCtx>> context_;
    bool may_hold_content_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace weft::http::internal

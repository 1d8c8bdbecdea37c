// SPDX-License-Identifier: Apache-2.0
// gzip, and deflate with the header of zlib.
#include <array>
#include <cstddef>
#include <memory>
#include <new>

#include <zconf.h>
#include <zlib.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/internal/encoder.hpp>

namespace weft::http::internal {
namespace {

constexpr int zlib_format = MAX_WBITS;
constexpr int gzip_format = MAX_WBITS + 16;
constexpr int usual_memory = 8;

constexpr std::size_t zlib_bytes_max = std::size_t{1} << 30;  // zlib counts in 32 bits

int flush_of(EncodeStep step) noexcept {
    if (step == EncodeStep::compress) return Z_NO_FLUSH;
    return step == EncodeStep::flush ? Z_SYNC_FLUSH : Z_FINISH;
}

class ZlibEncoder final : public Encoder {
public:
    ZlibEncoder(int level, int format) {
        const int status =
            deflateInit2(&stream_, level, Z_DEFLATED, format, usual_memory, Z_DEFAULT_STRATEGY);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        check(status == Z_OK, "deflateInit2 takes what it is given");
    }
    ZlibEncoder(const ZlibEncoder&) = delete;
    ZlibEncoder& operator=(const ZlibEncoder&) = delete;
    ~ZlibEncoder() override { deflateEnd(&stream_); }

    void encode(Bytes& out, BytesView data, EncodeStep step) override {
        do {
            const BytesView part = data.substr(0, zlib_bytes_max);
            data.remove_prefix(part.size());
            encode_part(out, part, data.empty() ? flush_of(step) : Z_NO_FLUSH);
        } while (!data.empty());
    }

private:
    void encode_part(Bytes& out, BytesView part, int flush) {
        std::array<char, 16 * 1024> piece;
        // zlib's types have no const; it writes only to next_out.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
        stream_.avail_in = static_cast<uInt>(part.size());
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
            stream_.avail_out = piece.size();
            const int status = deflate(&stream_, flush);
            // Z_BUF_ERROR: there was nothing to do, as in a second flush.
            check(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR,
                  "deflate takes what it is given");
            out.append(piece.data(), piece.size() - stream_.avail_out);
        } while (stream_.avail_out == 0);
    }

    z_stream stream_{};
};

}  // namespace

std::unique_ptr<Encoder> make_gzip_encoder(int level) {
    return std::make_unique<ZlibEncoder>(level, gzip_format);
}
std::unique_ptr<Encoder> make_deflate_encoder(int level) {
    return std::make_unique<ZlibEncoder>(level, zlib_format);
}

}  // namespace weft::http::internal

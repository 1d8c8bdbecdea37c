// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/deflater.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>

#include <zconf.h>
#include <zlib.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>

namespace weft::http::wire::internal {
namespace {

// The empty block with which zlib ends a message; a receiver puts it there again.
constexpr BytesView tail{"\x00\x00\xff\xff", 4};

constexpr std::size_t block_bytes = std::size_t{16} * 1024;
constexpr int usual_memory_level = 8;

}  // namespace

struct Deflater::Stream {
    explicit Stream(int window_bits) {
        const int status = deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -window_bits,
                                        usual_memory_level, Z_DEFAULT_STRATEGY);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        check(status == Z_OK, "zlib refuses a window");
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { deflateEnd(&z); }

    z_stream z{};
};

Deflater::Deflater(int window_bits, bool keeps_context) noexcept
    : window_bits_(window_bits), keeps_context_(keeps_context) {}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

Bytes Deflater::compress(BytesView message) {
    // zlib writes nothing for nothing: RFC 7692 §7.2.3.6.
    if (message.empty()) return Bytes(1, '\0');
    if (!stream_) stream_ = std::make_unique<Stream>(window_bits_);
    z_stream& z = stream_->z;
    Bytes out;
    std::array<char, block_bytes> block;
    while (!message.empty()) {
        const BytesView piece = message.substr(0, std::numeric_limits<uInt>::max());
        message.remove_prefix(piece.size());
        z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
        z.avail_in = static_cast<uInt>(piece.size());
        do {
            z.next_out = reinterpret_cast<Bytef*>(block.data());
            z.avail_out = block_bytes;
            check(deflate(&z, message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH) != Z_STREAM_ERROR,
                  "zlib has lost its way");
            out.append(block.data(), block_bytes - z.avail_out);
        } while (z.avail_out == 0);
    }
    check(out.ends_with(tail), "zlib has ended a message with no empty block");
    out.resize(out.size() - tail.size());
    if (!keeps_context_) deflateReset(&z);
    return out;
}

}  // namespace weft::http::wire::internal

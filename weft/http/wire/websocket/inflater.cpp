// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/inflater.hpp>

#include <algorithm>
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

// What a sender leaves out at the end of each message: an empty block.
constexpr BytesView tail{"\x00\x00\xff\xff", 4};

constexpr std::size_t block_bytes = std::size_t{16} * 1024;

}  // namespace

struct Inflater::Stream {
    Stream() {
        const int status = inflateInit2(&z, -MAX_WBITS);  // negative: without header and checksum
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        check(status == Z_OK, "zlib refuses its own window");
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { inflateEnd(&z); }

    z_stream z{};
};

Inflater::Inflater(bool keeps_context) noexcept : keeps_context_(keeps_context) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Inflater::Result Inflater::feed(BytesView piece, Bytes& out, std::size_t bytes_max) {
    if (!stream_) stream_ = std::make_unique<Stream>();
    z_stream& z = stream_->z;
    std::array<char, block_bytes> block;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    check(piece.size() <= std::numeric_limits<uInt>::max(), "a piece that zlib cannot count");
    z.avail_in = static_cast<uInt>(piece.size());
    for (;;) {
        z.next_out = reinterpret_cast<Bytef*>(block.data());
        z.avail_out = block_bytes;
        const int status = inflate(&z, Z_SYNC_FLUSH);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        const std::size_t size = block_bytes - z.avail_out;
        const std::size_t room = bytes_max - out.size();
        out.append(block.data(), std::min(size, room));
        if (size > room) return Result::too_much;
        // A sender may end its stream within a message, and begin another: RFC 7692 §7.2.3.4.
        if (status == Z_STREAM_END) {
            inflateReset(&z);
        } else if (status == Z_BUF_ERROR) {
            return Result::ok;  // all was taken before
        } else if (status != Z_OK) {
            return Result::bad;
        }
        if (z.avail_in == 0 && z.avail_out != 0) return Result::ok;
    }
}

Inflater::Result Inflater::finish(Bytes& out, std::size_t bytes_max) {
    const Result result = feed(tail, out, bytes_max);
    if (result != Result::ok) return result;
    // Else the tail has become the data of a block that was cut off.
    constexpr int between_blocks = 128;
    if ((stream_->z.data_type & between_blocks) == 0) return Result::bad;
    if (!keeps_context_) inflateReset(&stream_->z);
    return result;
}

}  // namespace weft::http::wire::internal

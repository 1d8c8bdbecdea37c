// SPDX-License-Identifier: Apache-2.0
// gzip, and deflate with and without the header of zlib.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <span>

#include <zconf.h>
#include <zlib.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/internal/decoder.hpp>

namespace weft::http::internal {
namespace {

// zlib's `windowBits`: the largest window, and which header is around the data.
constexpr int zlib_format = MAX_WBITS;
constexpr int gzip_format = MAX_WBITS + 16;
constexpr int raw_format = -MAX_WBITS;

constexpr std::size_t zlib_bytes_max = std::size_t{1} << 30;  // zlib counts in 32 bits

class Inflater {
public:
    explicit Inflater(int format) {
        const int status = inflateInit2(&stream_, format);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        check(status == Z_OK, "inflateInit2 takes what it is given");
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream_); }

    void reset(int format) {
        check(inflateReset2(&stream_, format) == Z_OK, "inflateReset2 takes what it is given");
    }

    std::expected<bool, DecodeFault> decode(std::span<char>& out, BytesView& data) {
        do {
            const int status = inflate_some(out, data);
            if (status == Z_STREAM_END) return true;
            if (status == Z_BUF_ERROR) return false;  // nothing can be done without more
            if (status != Z_OK) return std::unexpected(fault_of(status));
        } while (!out.empty() && !data.empty());
        return false;
    }

private:
    int inflate_some(std::span<char>& out, BytesView& data) {
        const std::size_t in_size = std::min(data.size(), zlib_bytes_max);
        const std::size_t out_size = std::min(out.size(), zlib_bytes_max);
        // zlib's types have no const; it writes only to next_out.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
        stream_.avail_in = static_cast<uInt>(in_size);
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out_size);
        const int status = inflate(&stream_, Z_NO_FLUSH);
        data.remove_prefix(in_size - stream_.avail_in);
        out = out.subspan(out_size - stream_.avail_out);
        return status;
    }

    [[nodiscard]] DecodeFault fault_of(int status) const {
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (status == Z_NEED_DICT) return {CodingProblem::corrupt, "it needs a preset dictionary"};
        check(status == Z_DATA_ERROR, "inflate takes what it is given");
        return {CodingProblem::corrupt, stream_.msg};
    }

    z_stream stream_{};
};

class GzipDecoder final : public Decoder {
public:
    std::expected<bool, DecodeFault> decode(std::span<char>& out, BytesView& data) override {
        return inflater_.decode(out, data);
    }
    void reset() override { inflater_.reset(gzip_format); }

private:
    Inflater inflater_{gzip_format};
};

// RFC 9110 §8.4.1.2 means zlib by deflate; some send it raw. Two bytes tell: a raw stream could begin
// with those of zlib only if an encoder had filled the padding of a stored block with ones.
class DeflateDecoder final : public Decoder {
public:
    std::expected<bool, DecodeFault> decode(std::span<char>& out, BytesView& data) override {
        while (head_size_ < head_.size()) {
            if (data.empty()) return false;
            head_[head_size_++] = data.front();
            data.remove_prefix(1);
            if (head_size_ == head_.size()) return begin(out, data);
        }
        return inflater_.decode(out, data);
    }

private:
    std::expected<bool, DecodeFault> begin(std::span<char>& out, BytesView& data) {
        if (!is_zlib()) inflater_.reset(raw_format);
        BytesView head(head_.data(), head_.size());
        const auto is_over = inflater_.decode(out, head);
        if (!is_over || *is_over) return is_over;
        return inflater_.decode(out, data);
    }

    // RFC 1950 §2.2: the method, a window of 32 KiB at most, and the sum that checks them.
    [[nodiscard]] bool is_zlib() const noexcept {
        const unsigned first = static_cast<std::uint8_t>(head_[0]);
        const unsigned second = static_cast<std::uint8_t>(head_[1]);
        return (first & 15) == Z_DEFLATED && first >> 4 <= 7 && (first * 256 + second) % 31 == 0;
    }

    Inflater inflater_{zlib_format};
    std::array<char, 2> head_{};
    std::size_t head_size_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder() { return std::make_unique<GzipDecoder>(); }
std::unique_ptr<Decoder> make_deflate_decoder() { return std::make_unique<DeflateDecoder>(); }

}  // namespace weft::http::internal

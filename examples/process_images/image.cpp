// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <turbojpeg.h>

#include "exif.hpp"

namespace process_images {
namespace {

using Bytes = std::span<const std::byte>;

struct CloseTurboJpeg {
    void operator()(void* handle) const { tjDestroy(handle); }
};
struct FreeTurboJpeg {
    void operator()(unsigned char* bytes) const { tjFree(bytes); }
};
using TurboJpeg = std::unique_ptr<void, CloseTurboJpeg>;

TurboJpeg opened(tjhandle handle) {
    if (handle == nullptr) throw ImageError("libturbojpeg has no memory to start");
    return TurboJpeg(handle);
}

const unsigned char* as_chars(Bytes bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

constexpr const char* cut_off = "cut off: the file ends before the picture does";

struct Signature {
    std::size_t offset;
    std::string_view bytes;
    std::string_view what;
};

using namespace std::string_view_literals;
constexpr std::array signatures{
    Signature{0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    Signature{0, "GIF8"sv, "a GIF picture"},
    Signature{8, "WEBP"sv, "a WebP picture"},
    Signature{4, "ftypavif"sv, "an AVIF picture"},
    Signature{4, "ftyphei"sv, "a HEIC picture"},
    Signature{4, "ftypmif1"sv, "a HEIF picture"},
    Signature{4, "ftyp"sv, "a video"},
    Signature{0, "\0\0\0\x0cJXL "sv, "a JPEG XL picture"},
    Signature{0, "\xff\x0a"sv, "a JPEG XL picture"},
    Signature{0, "\0\0\0\x0cjP  "sv, "a JPEG 2000 picture"},
    Signature{0, "II*\0"sv, "a TIFF or raw picture"},
    Signature{0, "MM\0*"sv, "a TIFF or raw picture"},
    Signature{0, "BM"sv, "a BMP picture"},
    Signature{0, "%PDF-"sv, "a PDF document"},
    Signature{0, "PK\x03\x04"sv, "a ZIP archive"},
    Signature{0, "\x1f\x8b"sv, "gzip data"},
    Signature{0, "<svg"sv, "an SVG picture"},
    Signature{0, "<?xml"sv, "an XML document"},
    Signature{0, "<!DOCTYPE"sv, "an HTML page"},
    Signature{0, "<!doctype"sv, "an HTML page"},
    Signature{0, "<html"sv, "an HTML page"},
};

bool matches(Bytes bytes, const Signature& signature) {
    return bytes.size() >= signature.offset + signature.bytes.size() &&
           std::memcmp(bytes.data() + signature.offset, signature.bytes.data(),
                       signature.bytes.size()) == 0;
}

void require_jpeg(Bytes bytes) {
    if (bytes.empty()) throw ImageError("the file is empty");
    // A JPEG begins with FF D8 and the FF of the next marker; fewer bytes may still be its start.
    constexpr auto start = "\xff\xd8\xff"sv;
    const std::size_t compared = std::min(bytes.size(), start.size());
    if (std::memcmp(bytes.data(), start.data(), compared) == 0) {
        if (compared < start.size()) throw ImageError(cut_off);
        return;
    }
    const auto* found = std::ranges::find_if(
        signatures, [&](const Signature& signature) { return matches(bytes, signature); });
    if (found != signatures.end()) throw ImageError(fmt::format("not a JPEG but {}", found->what));
    throw ImageError(fmt::format("not a JPEG: it begins with byte 0x{:02x}, a JPEG with 0xff 0xd8",
                                 std::to_integer<unsigned>(bytes.front())));
}

[[noreturn]] void throw_damaged(const TurboJpeg& decoder, Bytes jpeg) {
    const std::string_view why = tjGetErrorStr2(decoder.get());
    if (why.contains("Premature end")) throw ImageError(cut_off);
    // libjpeg continues after the last byte with an end marker of its own and may take it for a
    // table. Cameras append data of theirs, so the missing marker alone proves nothing.
    constexpr std::array end_marker{std::byte{0xFF}, std::byte{0xD9}};
    const bool complete = std::ranges::equal(jpeg.last(end_marker.size()), end_marker);
    throw ImageError(fmt::format("damaged{}: {}", complete ? "" : " or cut off", why));
}

struct Header {
    int width = 0;
    int height = 0;
    int colour_space = 0;
};

Header read_header(const TurboJpeg& decoder, Bytes jpeg) {
    Header header;
    int subsampling = 0;
    if (tjDecompressHeader3(decoder.get(), as_chars(jpeg), jpeg.size(), &header.width,
                            &header.height, &subsampling, &header.colour_space) != 0) {
        throw_damaged(decoder, jpeg);
    }
    // A file that is cut before its picture passes for one that has tables only.
    if (header.width < 1 || header.height < 1) throw ImageError(cut_off);
    return header;
}

// libturbojpeg scales in the frequency domain, where 1/2, 1/4 and 1/8 have vector code and the
// other sixteenths have none.
tjscalingfactor smallest_scale(const Header& header, int longest_edge_min) {
    const int longest = std::max(header.width, header.height);
    tjscalingfactor best{1, 1};
    if (longest_edge_min <= 0) return best;
    for (const int divisor : {2, 4, 8}) {
        const tjscalingfactor scale{1, divisor};
        if (TJSCALED(longest, scale) >= longest_edge_min) best = scale;
    }
    return best;
}

void require_pixels_at_most(const Header& header, std::int64_t pixels_max) {
    const auto pixels = std::int64_t{header.width} * header.height;
    if (pixels <= pixels_max) return;
    throw ImageError(fmt::format("too large: {}x{} is {:.1f} megapixels, the limit is {:.1f}",
                                 header.width, header.height, static_cast<double>(pixels) / 1e6,
                                 static_cast<double>(pixels_max) / 1e6));
}

// Adobe writes CMYK inverted and everyone followed, so 255 means no ink.
std::vector<std::uint8_t> rgb_from_inverted_cmyk(std::span<const std::uint8_t> cmyk) {
    std::vector<std::uint8_t> rgb(cmyk.size() / 4 * 3);
    for (std::size_t pixel = 0; pixel < cmyk.size() / 4; ++pixel) {
        const unsigned black = cmyk[pixel * 4 + 3];
        for (std::size_t i = 0; i < 3; ++i) {
            rgb[pixel * 3 + i] = static_cast<std::uint8_t>(cmyk[pixel * 4 + i] * black / 255);
        }
    }
    return rgb;
}

// The part of the source that one row or column of the result covers: whole pixels in the middle
// and a fraction of the first and the last.
struct Cover {
    int first = 0;
    int last = 0;
    float first_weight = 0;
    float last_weight = 0;
};

std::vector<Cover> covers(int from, int to) {
    std::vector<Cover> result(static_cast<std::size_t>(to));
    const double scale = static_cast<double>(from) / to;
    for (int i = 0; i < to; ++i) {
        const double begin = i * scale;
        const double end = std::min<double>((i + 1) * scale, from);
        const int first = std::min(static_cast<int>(begin), from - 1);
        const int last = std::clamp(static_cast<int>(std::ceil(end)) - 1, first, from - 1);
        Cover& cover = result[static_cast<std::size_t>(i)];
        cover = {.first = first, .last = last};
        if (first == last) {
            cover.first_weight = 1;
            continue;
        }
        cover.first_weight = static_cast<float>((first + 1 - begin) / scale);
        cover.last_weight = static_cast<float>((end - last) / scale);
    }
    return result;
}

// Shrinks one row; `whole_weight` is the share of a pixel that is covered as a whole.
void shrink_row(const std::uint8_t* from, std::span<const Cover> columns, float whole_weight,
                float* to) {
    for (const Cover& cover : columns) {
        std::array<std::uint32_t, 3> whole{};
        for (int x = cover.first + 1; x < cover.last; ++x) {
            for (int i = 0; i < 3; ++i) whole[i] += from[x * 3 + i];
        }
        for (int i = 0; i < 3; ++i) {
            *to++ = static_cast<float>(from[cover.first * 3 + i]) * cover.first_weight +
                    static_cast<float>(from[cover.last * 3 + i]) * cover.last_weight +
                    static_cast<float>(whole[i]) * whole_weight;
        }
    }
}

}  // namespace

void require_valid(const Image& image) {
    const auto bytes = std::int64_t{image.width} * image.height * 3;
    if (image.width < 1 || image.height < 1) {
        throw ImageError(fmt::format("an image of {}x{} has no pixels", image.width, image.height));
    }
    if (std::cmp_equal(bytes, image.rgb.size())) return;
    throw ImageError(fmt::format("an image of {}x{} needs {} bytes of pixels and has {}",
                                 image.width, image.height, bytes, image.rgb.size()));
}

Size jpeg_size(Bytes jpeg) {
    require_jpeg(jpeg);
    const TurboJpeg decoder = opened(tjInitDecompress());
    const Header header = read_header(decoder, jpeg);
    if (exif_orientation(jpeg) >= 5) return {header.height, header.width};
    return {header.width, header.height};
}

Image decode_jpeg(Bytes jpeg, DecodeOptions options) {
    require_jpeg(jpeg);
    const TurboJpeg decoder = opened(tjInitDecompress());
    const Header header = read_header(decoder, jpeg);
    require_pixels_at_most(header, options.pixels_max);

    const tjscalingfactor scale = smallest_scale(header, options.longest_edge_min);
    const bool cmyk = header.colour_space == TJCS_CMYK || header.colour_space == TJCS_YCCK;
    const int format = cmyk ? TJPF_CMYK : TJPF_RGB;
    Image image{.width = TJSCALED(header.width, scale),
                .height = TJSCALED(header.height, scale),
                .rgb = {}};
    image.rgb.resize(static_cast<std::size_t>(image.width) * image.height * tjPixelSize[format]);

    // Without STOPONWARNING a cut file decodes to a picture with a grey lower part; without
    // LIMITSCANS a small progressive file can ask for hours of work.
    constexpr int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
    if (tjDecompress2(decoder.get(), as_chars(jpeg), jpeg.size(), image.rgb.data(), image.width, 0,
                      image.height, format, flags) != 0) {
        throw_damaged(decoder, jpeg);
    }
    if (cmyk) image.rgb = rgb_from_inverted_cmyk(image.rgb);
    return turn_upright(std::move(image), exif_orientation(jpeg));
}

std::vector<std::byte> encode_jpeg(const Image& image, int quality) {
    require_valid(image);
    if (quality < 1 || quality > 100) {
        throw ImageError(fmt::format("JPEG quality goes from 1 to 100, not {}", quality));
    }
    constexpr int edge_max = 65500;  // libjpeg's JPEG_MAX_DIMENSION
    if (std::max(image.width, image.height) > edge_max) {
        throw ImageError(
            fmt::format("{}x{} is more than a JPEG can hold", image.width, image.height));
    }
    const TurboJpeg encoder = opened(tjInitCompress());
    unsigned char* bytes = nullptr;
    unsigned long bytes_count = 0;
    const int failed = tjCompress2(encoder.get(), image.rgb.data(), image.width, 0, image.height,
                                   TJPF_RGB, &bytes, &bytes_count, TJSAMP_420, quality, 0);
    const std::unique_ptr<unsigned char, FreeTurboJpeg> owner(bytes);
    if (failed != 0) throw ImageError(tjGetErrorStr2(encoder.get()));
    const auto* begin = reinterpret_cast<const std::byte*>(bytes);
    return {begin, begin + bytes_count};
}

Image stretch(const Image& image, int width, int height) {
    require_valid(image);
    if (width < 1 || height < 1) {
        throw ImageError(fmt::format("cannot resize to {}x{}", width, height));
    }
    const auto columns = covers(image.width, width);
    const auto rows = covers(image.height, height);
    const auto whole_column = static_cast<float>(width) / static_cast<float>(image.width);
    const auto whole_row = static_cast<float>(height) / static_cast<float>(image.height);
    const std::size_t row_values = static_cast<std::size_t>(width) * 3;

    Image out{.width = width, .height = height, .rgb = {}};
    out.rgb.reserve(row_values * height);
    std::vector<float> shrunk(row_values);
    std::vector<float> sum(row_values);
    int shrunk_row = -1;  // the last row of one cover is often the first of the next
    for (const Cover& cover : rows) {
        std::ranges::fill(sum, 0.0F);
        for (int y = cover.first; y <= cover.last; ++y) {
            if (y != shrunk_row) {
                const auto offset = static_cast<std::size_t>(y) * image.width * 3;
                shrink_row(&image.rgb[offset], columns, whole_column, shrunk.data());
                shrunk_row = y;
            }
            const float weight = y == cover.first  ? cover.first_weight
                                 : y == cover.last ? cover.last_weight
                                                   : whole_row;
            for (std::size_t i = 0; i < row_values; ++i) sum[i] += shrunk[i] * weight;
        }
        for (const float value : sum) {
            out.rgb.push_back(static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)));
        }
    }
    return out;
}

Image resize(const Image& image, int longest_edge) {
    require_valid(image);
    if (longest_edge < 1) throw ImageError(fmt::format("cannot resize to {} pixels", longest_edge));
    const int longest = std::max(image.width, image.height);
    if (longest <= longest_edge) return image;
    const auto scaled = [&](int edge) {
        const double exact = static_cast<double>(edge) * longest_edge / longest;
        return std::max(1, static_cast<int>(std::lround(exact)));
    };
    return stretch(image, scaled(image.width), scaled(image.height));
}

}  // namespace process_images

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/compressor.hpp>

#include <memory>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/internal/encoder.hpp>

namespace weft::http {

using internal::Encoder;
using internal::EncodeStep;

namespace {

class IdentityEncoder final : public Encoder {
public:
    void encode(Bytes& out, BytesView data, EncodeStep) override { out += data; }
};

struct Levels {
    int min;
    int max;
    int usual;
};

int level_within(const Levels& levels, std::optional<int> level, ContentCoding coding) {
    if (level && (*level < levels.min || *level > levels.max)) {
        throw ValueError("the level " + std::to_string(*level) + " of " +
                         std::string(name_of(coding)) + " is not from " +
                         std::to_string(levels.min) + " to " + std::to_string(levels.max));
    }
    return level.value_or(levels.usual);
}

std::unique_ptr<Encoder> make_encoder(ContentCoding coding, std::optional<int> level) {
    switch (coding) {
        case ContentCoding::gzip:
            return internal::make_gzip_encoder(level_within({0, 9, 6}, level, coding));
        case ContentCoding::deflate:
            return internal::make_deflate_encoder(level_within({0, 9, 6}, level, coding));
        case ContentCoding::br:
            return internal::make_br_encoder(level_within({0, 11, 5}, level, coding));
        case ContentCoding::zstd:
            return internal::make_zstd_encoder(level_within({1, 19, 3}, level, coding));
        case ContentCoding::identity:
            break;
    }
    if (level) throw ValueError("identity has no levels");
    return std::make_unique<IdentityEncoder>();
}

}  // namespace

Compressor::Compressor(ContentCoding coding, const CompressorOptions& options)
    : encoder_(make_encoder(coding, options.level)) {}

Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

Encoder& Compressor::encoder() {
    if (!encoder_) throw RuntimeError("the compressor is finished");
    return *encoder_;
}

void Compressor::compress(Bytes& out, BytesView data) {
    encoder().encode(out, data, EncodeStep::compress);
}
void Compressor::flush(Bytes& out) { encoder().encode(out, {}, EncodeStep::flush); }
void Compressor::finish(Bytes& out) {
    encoder().encode(out, {}, EncodeStep::finish);
    encoder_.reset();
}

}  // namespace weft::http

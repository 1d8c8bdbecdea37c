// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/http2_frames.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>

namespace weft::testing {
namespace {

constexpr std::size_t frame_head_bytes = 9;

char byte_of(std::size_t value, unsigned shift) {
    return static_cast<char>(static_cast<unsigned char>(value >> shift));
}
std::size_t value_at(BytesView bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

// A text of HPACK: its length in 7 bits or more (RFC 7541 §5.1), and itself.
void append_text(Bytes& out, BytesView text) {
    constexpr std::size_t prefix_max = 127;
    if (text.size() < prefix_max) {
        out += byte_of(text.size(), 0);
    } else {
        out += byte_of(prefix_max, 0);
        std::size_t rest = text.size() - prefix_max;
        for (; rest >= 128; rest /= 128) out += byte_of(rest % 128 + 128, 0);
        out += byte_of(rest, 0);
    }
    out += text;
}

}  // namespace

Bytes h2_number(std::uint32_t value) {
    Bytes out;
    for (unsigned shift = 32; shift > 0; shift -= 8) out += byte_of(value, shift - 8);
    return out;
}

std::uint32_t h2_number(BytesView four_bytes) {
    std::uint32_t value = 0;
    for (const char byte : four_bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
}

Bytes h2_frame(std::uint8_t type, std::uint8_t flags, std::int32_t stream, BytesView payload) {
    Bytes out = h2_number(static_cast<std::uint32_t>(payload.size())).substr(1);
    out += byte_of(type, 0);
    out += byte_of(flags, 0);
    out += h2_number(static_cast<std::uint32_t>(stream));
    return out += payload;
}

Bytes h2_fields(const H2Fields& fields) {
    Bytes out;
    for (const auto& [name, value] : fields) {
        out += '\0';  // not to be remembered, with a name that is written out
        append_text(out, name);
        append_text(out, value);
    }
    return out;
}

Bytes h2_settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings) {
    Bytes payload;
    for (const auto& [id, value] : settings) {
        payload += h2_number(id).substr(2);
        payload += h2_number(value);
    }
    return h2_frame(h2::settings, h2::none, 0, payload);
}

Bytes h2_head(std::int32_t stream, const H2Fields& fields, std::uint8_t flags) {
    return h2_frame(h2::headers, flags | h2::ends_fields, stream, h2_fields(fields));
}
Bytes h2_data(std::int32_t stream, BytesView data, std::uint8_t flags) {
    return h2_frame(h2::data, flags, stream, data);
}
Bytes h2_reset(std::int32_t stream, std::uint32_t code) {
    return h2_frame(h2::rst_stream, h2::none, stream, h2_number(code));
}
Bytes h2_goaway(std::int32_t last_stream, std::uint32_t code) {
    return h2_frame(h2::goaway, h2::none, 0,
                    h2_number(static_cast<std::uint32_t>(last_stream)) + h2_number(code));
}

std::optional<h2::Frame> take_h2_frame(Bytes& data) {
    if (data.size() < frame_head_bytes) return std::nullopt;
    const std::size_t size = value_at(data, 0) << 16 | value_at(data, 1) << 8 | value_at(data, 2);
    if (data.size() < frame_head_bytes + size) return std::nullopt;
    h2::Frame frame{.type = static_cast<std::uint8_t>(value_at(data, 3)),
                    .flags = static_cast<std::uint8_t>(value_at(data, 4))};
    for (std::size_t at = 5; at < frame_head_bytes; ++at) {
        frame.stream = static_cast<std::int32_t>(frame.stream * 256 + int(value_at(data, at)));
    }
    frame.payload = data.substr(frame_head_bytes, size);
    data.erase(0, frame_head_bytes + size);
    return frame;
}

struct H2FieldReader::Inflater {
    Inflater() {
        if (nghttp2_hd_inflate_new(&get) != 0) throw std::bad_alloc();
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { nghttp2_hd_inflate_del(get); }
    nghttp2_hd_inflater* get = nullptr;
};

H2FieldReader::H2FieldReader() : inflater_(std::make_unique<Inflater>()) {}
H2FieldReader::~H2FieldReader() = default;
H2FieldReader::H2FieldReader(H2FieldReader&&) noexcept = default;
H2FieldReader& H2FieldReader::operator=(H2FieldReader&&) noexcept = default;

H2Fields H2FieldReader::read(BytesView block) {
    H2Fields fields;
    const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    for (;;) {
        nghttp2_nv field;
        int flags = 0;
        const ssize_t used =
            nghttp2_hd_inflate_hd2(inflater_->get, &field, &flags, at, left, /*in_final=*/1);
        if (used < 0) throw ValueError("a list of fields that is not in HPACK");
        at += used;
        left -= static_cast<std::size_t>(used);
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            fields.emplace_back(std::string(field.name, field.name + field.namelen),
                                std::string(field.value, field.value + field.valuelen));
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_->get);
    return fields;
}

}  // namespace weft::testing

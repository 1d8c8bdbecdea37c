// SPDX-License-Identifier: Apache-2.0
// weft/testing/http2_frames.hpp - frames of HTTP/2 by hand, right ones and wrong ones.
//
//   client.send(h2_settings() + h2_head(1, {{":status", "200"}}) + h2_data(1, "hello", h2::ends));
//
// It uses nothing of weft's, which it is to test.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>

namespace weft::testing {

namespace h2 {

/// Types of frames (RFC 9113 §6).
enum Type : std::uint8_t {
    data = 0,
    headers = 1,
    priority = 2,
    rst_stream = 3,
    settings = 4,
    push_promise = 5,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9,
};

inline constexpr std::uint8_t none = 0;
inline constexpr std::uint8_t ends = 1;         ///< END_STREAM
inline constexpr std::uint8_t ack = 1;          ///< of SETTINGS and PING
inline constexpr std::uint8_t ends_fields = 4;  ///< END_HEADERS
inline constexpr std::uint8_t padded = 8;

struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::int32_t stream = 0;
    Bytes payload{};
};

}  // namespace h2

using H2Fields = std::vector<std::pair<std::string, std::string>>;

/// What a client sends before its first frame.
inline constexpr BytesView h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

[[nodiscard]] Bytes h2_frame(std::uint8_t type, std::uint8_t flags, std::int32_t stream,
                             BytesView payload = {});
/// 32 bits, the first ones first.
[[nodiscard]] Bytes h2_number(std::uint32_t value);
/// The same, read.
[[nodiscard]] std::uint32_t h2_number(BytesView four_bytes);
/// A list of fields in HPACK, each written out. A name may be anything.
[[nodiscard]] Bytes h2_fields(const H2Fields& fields);
[[nodiscard]] Bytes h2_settings(
    const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {});
[[nodiscard]] Bytes h2_head(std::int32_t stream, const H2Fields& fields,
                            std::uint8_t flags = h2::none);
[[nodiscard]] Bytes h2_data(std::int32_t stream, BytesView data, std::uint8_t flags = h2::none);
[[nodiscard]] Bytes h2_reset(std::int32_t stream, std::uint32_t code);
[[nodiscard]] Bytes h2_goaway(std::int32_t last_stream, std::uint32_t code);

/// Takes a whole frame from the front; nullopt where it is not all there.
[[nodiscard]] std::optional<h2::Frame> take_h2_frame(Bytes& data);

/// Reads the lists of fields of one connection, which refer to each other.
class H2FieldReader {
public:
    H2FieldReader();
    ~H2FieldReader();
    H2FieldReader(H2FieldReader&&) noexcept;
    H2FieldReader& operator=(H2FieldReader&&) noexcept;

    /// Errors: ValueError   it is no list in HPACK.
    [[nodiscard]] H2Fields read(BytesView block);

private:
    struct Inflater;
    std::unique_ptr<Inflater> inflater_;
};

}  // namespace weft::testing

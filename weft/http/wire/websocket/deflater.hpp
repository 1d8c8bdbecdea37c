// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/deflater.hpp - compresses the messages of a connection.
#pragma once

#include <memory>

#include <weft/base/bytes.hpp>

namespace weft::http::wire::internal {

/// One for each connection that has agreed on compression. Its memory is allocated with the first
/// message.
/// Spec: RFC 7692 §7.2.1.
class Deflater {
public:
    Deflater(int window_bits, bool keeps_context) noexcept;
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;
    ~Deflater();

    /// Whether zlib has such a window to compress with.
    [[nodiscard]] static constexpr bool can_use(int window_bits) noexcept {
        return window_bits >= 9;
    }

    /// The payload of a whole message.
    [[nodiscard]] Bytes compress(BytesView message);

private:
    struct Stream;

    std::unique_ptr<Stream> stream_;
    int window_bits_;
    bool keeps_context_;
};

}  // namespace weft::http::wire::internal

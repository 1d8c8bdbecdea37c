// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/inflater.hpp - decompresses the messages of a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <weft/base/bytes.hpp>

namespace weft::http::wire::internal {

/// One for each connection that has agreed on compression. Its memory, some 40 KiB, is allocated
/// when the first compressed message comes.
///
/// The window is the largest there is, whatever was agreed on: what zlib makes of a smaller one
/// depends on how the bytes are cut.
/// Spec: RFC 7692 §7.2.2.
class Inflater {
public:
    explicit Inflater(bool keeps_context) noexcept;
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    ~Inflater();

    enum class Result : std::uint8_t { ok, bad, too_much };

    /// Appends to `out` what a piece of a message decompresses to. `out` stays within `bytes_max`:
    /// `too_much` where it would not.
    [[nodiscard]] Result feed(BytesView piece, Bytes& out, std::size_t bytes_max);
    /// The same at the end of the message.
    [[nodiscard]] Result finish(Bytes& out, std::size_t bytes_max);

private:
    struct Stream;

    std::unique_ptr<Stream> stream_;
    bool keeps_context_;
};

}  // namespace weft::http::wire::internal

// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/internal/chunk_line.hpp - the line before the data of a chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/fault.hpp>

namespace weft::http::wire::internal {

struct ChunkLine {
    static constexpr std::size_t digits_max = 16;

    std::uint64_t size;
    std::size_t extension_bytes;
};

/// Reads a size in hexadecimal digits, extensions and CR LF. Extensions mean nothing to anybody here; what is
/// none is refused all the same, since others may see the end of the line elsewhere.
/// Spec: RFC 9112 §7.1 and §7.1.1.
[[nodiscard]] std::expected<ChunkLine, Fault> read_chunk_line(BytesView line);

}  // namespace weft::http::wire::internal

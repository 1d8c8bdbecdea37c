// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/limits.hpp - Limits: what a parser takes from a peer before it refuses more.
#pragma once

#include <cstddef>

namespace weft::http::wire {

/// The bounds of one message. Bodies have none here: they are handed on, not kept.
///
/// Spec: aiohttp's `max_line_size`, `max_field_size` and `max_headers` with its defaults; it has no
///       counterpart of the others.
struct Limits {
    std::size_t start_line_bytes_max = 8190;   ///< request or status line, without its line break
    std::size_t field_bytes_max = 8190;        ///< name, colon and value of one header
    std::size_t fields_max = 128;              ///< headers and trailers together
    std::size_t fields_bytes_max = 64 * 1024;  ///< all header and trailer lines, with line breaks
    std::size_t chunk_extension_bytes_max = 1024;  ///< of all chunks of a body
    std::size_t informational_max = 10;            ///< responses 1xx before the real one
};

}  // namespace weft::http::wire

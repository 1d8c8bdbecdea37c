// SPDX-License-Identifier: Apache-2.0
// weft/http/client/body_limits.hpp - BodyLimits: what the body of a response may become.
#pragma once

#include <cstddef>

#include <weft/http/body/decompressor.hpp>

namespace weft::http {

/// What a server may make of a program's memory and time. What passes a limit is a
/// ClientPayloadError, and the connection is closed.
struct BodyLimits {
    /// What `read()`, `text()` and `json()` hold, decompressed. What is read in pieces has no such limit.
    std::size_t read_bytes_max = std::size_t{64} * 1024 * 1024;
    /// Of a compressed body, also in pieces: how much longer it may become, of how many members it may
    /// be.
    DecompressionLimits decompression = {.bytes_max = DecompressionLimits::unlimited};
    std::size_t codings_max =
        2;  ///< of one body: what was compressed twice is mostly meant to harm
};

}  // namespace weft::http

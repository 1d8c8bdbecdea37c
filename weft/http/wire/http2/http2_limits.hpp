// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/http2_limits.hpp - H2Limits: what a peer may send before it is refused more.
#pragma once

#include <cstddef>

#include <weft/http/wire/limits.hpp>

namespace weft::http::wire {

/// The bounds of one connection. What has come of bodies and was not read is at most
/// `streams_max * stream_window_bytes`.
struct H2Limits {
    /// Of one message: all but `start_line_bytes_max` and `chunk_extension_bytes_max`, of which
    /// HTTP/2 has neither. Beyond them the stream is reset, and the others go on.
    Limits message = {};
    std::size_t streams_max = 100;  ///< at a time; the peer may allow fewer
    /// What may come of one body before some of it was read.
    std::size_t stream_window_bytes = std::size_t{1024} * 1024;
    /// What may be on its way of all bodies together.
    std::size_t connection_window_bytes = std::size_t{16} * 1024 * 1024;
    std::size_t continuations_max = 8;  ///< CONTINUATION frames of one list of headers
    /// Frames that bring nothing: settings, pings, resets, empty data and the like. So many at once,
    /// and so many more in each second; two more for each frame of a message, in either direction.
    std::size_t barren_frames_max = 500;
    std::size_t barren_frames_per_second = 100;
};

}  // namespace weft::http::wire

// SPDX-License-Identifier: Apache-2.0
// weft/http/client/download.hpp - download(): a URL into a file, and on where it was cut off.
//
//   NAME.part ──whole──▶ NAME          nobody sees a NAME that is not whole
//      └─cut off──▶ NAME.part and NAME.part.json, with which the next call goes on
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <weft/http/client/download_options.hpp>  // IWYU pragma: export
#include <weft/http/client/request_builder.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

struct DownloadResult {
    std::uint64_t size = 0;          ///< of the file, in bytes
    std::uint64_t resumed_from = 0;  ///< how many of them an earlier call had left
    int status = 0;                  ///< of the last response: 200, or 206 where it was resumed
    std::size_t attempts = 1;        ///< how often the request was sent
    URL url;                         ///< where the file came from, behind redirects
};

/// Fetches a URL into a file, which gets its name once it is whole.
///
///     co_await download(session.get(url), "debian.iso");
///
/// Until then its bytes are in `path`.part. Where that is there, of the same URL and of a version that
/// the server has named (a strong ETag, else a date), the server is asked for the rest of that version
/// (Range, If-Range), from the last byte on; and the file is begun anew where it has another one, or
/// does not answer so. So no file has bytes of two versions, as far as servers tell versions apart.
/// What cannot be resumed is not left behind.
///
/// A body that is cut off is resumed in the same call, too, as far as the request's RetryPolicy goes:
/// its attempts and its budget count all requests. `ClientTimeout::total` is of the whole call.
///
/// Errors:   those of the request; ClientResponseError   the status is neither 200 nor, to a part that
///                                 was asked for, 206
///           ClientPayloadError    the body was cut off in the last attempt; it is longer than
///                                 `bytes_max` or has another SHA-256, and nothing is left of it
///           BlockingIOError       another download writes to the same file
///           OSError               the disk; IsADirectoryError, FileExistsError: `path` is there, and
///                                 is no regular file
///           ValueError            the request is no GET, or has a Range or If-Range; an impossible
///                                 `sha256`
///           A file that was at `path` before is as it was.
/// Cancel:   safe; what has come is kept for the next call, but for a piece that came while another
///           one was being written. Waits until the disk has that.
/// Suspends: always.
/// Limits:   DownloadOptions::bytes_max. In memory there are two pieces of the body, as the network
///           brings them.
/// Spec:     RFC 9110 §13.1.5, §14.2, §15.3.7. It asks for no content coding; of a body that has one
///           all the same the content is written, and it cannot be resumed. A body whose end only that
///           of the connection tells is whole wherever it ends.
[[nodiscard, clang::coro_disable_lifetimebound]] Coro<DownloadResult> download(
    RequestBuilder request, std::string path, DownloadOptions options = {});

}  // namespace weft::http

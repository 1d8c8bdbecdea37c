// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http1_writer.hpp - HTTP/1.1 into bytes.
#pragma once

#include <cstddef>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {

/// Appends the head of a request to `out`: first line, headers, empty line.
///
/// The headers go out as they are: how the body is framed is for the caller to say there.
///
/// Errors: ValueError   the target is empty or holds what would end it (white space, control bytes)
///                      or is no ASCII; `out` is as it was. Method and headers are judged where
///                      they are made.
/// Cost:   one pass; `out` grows at most once.
/// Spec:   RFC 9112 §3 and §5.
void write_head(Bytes& out, const RequestHead& head);
/// The same of a request that is not in one piece.
void write_head(Bytes& out, const Method& method, BytesView target, const Headers& headers);

/// The same of a response.
/// Errors: ValueError   the status is not three digits from 100 on, or the reason holds a control
///                      byte; `out` is as it was.
/// Spec:   RFC 9112 §4.
void write_head(Bytes& out, const ResponseHead& head);

/// Appends `data` as one chunk; nothing where it is empty, since an empty chunk ends the body.
/// Spec: RFC 9112 §7.1.
void write_chunk(Bytes& out, BytesView data);

/// Appends what stands before the data of a chunk of `size` bytes, which is not 0; behind the data,
/// `chunk_end` must follow. For data that is sent from where it lies.
void write_chunk_begin(Bytes& out, std::size_t size);
inline constexpr BytesView chunk_end = "\r\n";

/// Appends the end of a chunked body.
/// Errors: ValueError   a trailer that says how a message is framed or where it goes; `out` is as it
///                      was.
/// Spec: RFC 9112 §7.1.2, RFC 9110 §6.5.1.
void write_last_chunk(Bytes& out, const Headers& trailers = {});

}  // namespace weft::http::wire

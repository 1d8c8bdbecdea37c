// SPDX-License-Identifier: Apache-2.0
// weft/io/pipes.hpp - streams through pipes, and the standard ones.
#pragma once

#include <cstddef>

#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

/// Reads from one end of a pipe, a FIFO, a terminal or another character device, or a
/// stream socket.
///
/// Takes the descriptor over, which becomes non-blocking, and no child process inherits it. It is
/// closed at the end of the stream, or with the last handle of the reader.
///
/// Returns:  the reader; `limit` is that of a StreamReader.
/// Errors:   ValueError   `fd` is none of these, or the limit not above zero
///           OSError      `fd` is no descriptor; or the loop cannot watch it, and it is closed
///           After the others the descriptor is still the caller's.
/// Suspends: never.
/// Spec:     loop.connect_read_pipe, with a StreamReader for the protocol. A reader that is dropped
///           closes the pipe.
[[nodiscard]] Coro<StreamReader> connect_read_pipe(
    int fd, std::ptrdiff_t limit = StreamReader::default_limit);

/// Writes to one end of a pipe, a FIFO, a terminal or another character device, or a
/// stream socket.
///
/// Takes the descriptor over as connect_read_pipe() does; it is closed as by StreamWriter::close().
/// Where nobody is left to read a pipe, drain() and write_all() say BrokenPipeError if something was
/// unsent, else the pipe is closed. (SIGPIPE must be ignored, as run() and new_event_loop() do.)
///
/// Errors:   ValueError   `fd` is none of these
///           OSError      `fd` is no descriptor; or the loop cannot watch it, and it is closed
///           After the others the descriptor is still the caller's.
/// Suspends: never.
/// Spec:     loop.connect_write_pipe.
[[nodiscard]] Coro<StreamWriter> connect_write_pipe(int fd);

/// The standard streams of the process, whatever they are: pipes, a terminal, files, sockets.
///
///     StreamReader input = co_await open_stdin();
///     while (auto line = co_await input.next()) { … }
///
/// Unlike with connect_read_pipe(STDIN_FILENO), the descriptor stays open when the stream ends, and
/// who shares the terminal or the pipe does not find it non-blocking: the stream opens it anew.
/// (Where the system refuses that, for a terminal of somebody else's or without /proc, the
/// descriptor is duplicated: a read or a write may then block, and a pipe becomes non-blocking.) A regular
/// file is read 256 KiB a turn of the loop, and written to at once: both wait for the disk.
///
/// What was written is sent before the program ends only if it was drained, or the writer closed
/// and waited for: `writer.close(); co_await writer.wait_closed();`.
///
/// Errors:   OSError      the process has no such descriptor
///           ValueError   the limit is not above zero
/// Suspends: never.
[[nodiscard]] Coro<StreamReader> open_stdin(std::ptrdiff_t limit = StreamReader::default_limit);
[[nodiscard]] Coro<StreamWriter> open_stdout();
[[nodiscard]] Coro<StreamWriter> open_stderr();

}  // namespace weft

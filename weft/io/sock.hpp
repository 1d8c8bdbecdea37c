// SPDX-License-Identifier: Apache-2.0
// weft/io/sock.hpp - the low-level socket operations of asyncio's event loop.
//
// Each tries its system call at once, and its task waits only where that would have to. After 128
// that completed at once the loop gets a turn first, so that a fast peer holds nobody up.
//
// Tasks that use one socket in one direction take turns, in the order in which they came; a
// sock_sendall() or sock_sendfile() is sent as a whole before the next.
//
// An echo, from the first connection to its end:
//
//     auto [connection, peer] = co_await sock_accept(listener);
//     while (true) {
//         const std::string data = co_await sock_recv(connection, 1024);
//         if (data.empty()) co_return;
//         co_await sock_sendall(connection, data);
//     }
//
// Of all of them:
//
// Errors:   OSError        what the system says, as the type that belongs to the errno: such as
//                          ConnectionResetError, BrokenPipeError;
//                          with EBADF when the socket is closed, also while the task waits;
//           ValueError     in debug mode, when the socket is blocking. Otherwise a blocking socket
//                          holds the loop up in sock_connect() and sock_sendfile(), not in the
//                          others;
//           RuntimeError   there is no running loop, or tasks of another loop use the socket.
// Suspends: maybe; only where the system call would block, another task has its turn, or the loop
//           is due to turn.
// Cost:     one frame, and no allocation but the result; a wait costs two calls of epoll_ctl.
// Lifetime: the socket must live until the coroutine begins; it may be moved, closed and destroyed
//           while tasks wait on it. Buffers, and what a string_view refers to, must live until the
//           coroutine has ended.
// Spec:     asyncio's loop.sock_*. There a second task that waits takes the place of the first,
//           which is never woken; a closed socket leaves its tasks waiting; and a result that meets
//           a cancellation is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

/// Receives up to `n` bytes.
///
/// Returns:  what is there; "" at the peer's end of the stream, and for an `n` of 0, at once.
/// Errors:   see above; ValueError for a negative `n`.
/// Cancel:   safe; what has come stays in the socket.
/// Cost:     no buffer is held while it waits.
/// Spec:     loop.sock_recv
[[nodiscard]] Coro<std::string> sock_recv(Socket& sock, std::ptrdiff_t n);

/// The same into a buffer.
///
/// Returns:  how many bytes; 0 at the peer's end of the stream, and for an empty buffer, at once.
/// Cancel:   safe; bytes that have come into the buffer are delivered, and the cancellation is
///           raised at the next await.
/// Spec:     loop.sock_recv_into
[[nodiscard]] Coro<std::size_t> sock_recv_into(Socket& sock, std::span<std::byte> buffer);
[[nodiscard]] Coro<std::size_t> sock_recv_into(Socket& sock, std::span<char> buffer);

/// Receives a datagram of up to `n` bytes; the rest of a longer one is dropped.
///
/// Returns:  its bytes, and where it came from; that is no address (af_unspec) for a stream.
/// Errors:   see above; ValueError for a negative `n`.
/// Cancel:   safe; what has come stays in the socket.
/// Spec:     loop.sock_recvfrom
[[nodiscard]] Coro<std::pair<std::string, SocketAddress>> sock_recvfrom(Socket& sock,
                                                                        std::ptrdiff_t n);

/// The same into a buffer.
///
/// Cancel:   safe; a datagram that has come into the buffer is delivered, and the cancellation is
///           raised at the next await.
/// Spec:     loop.sock_recvfrom_into
[[nodiscard]] Coro<std::pair<std::size_t, SocketAddress>> sock_recvfrom_into(
    Socket& sock, std::span<std::byte> buffer);
[[nodiscard]] Coro<std::pair<std::size_t, SocketAddress>> sock_recvfrom_into(
    Socket& sock, std::span<char> buffer);

/// Sends all of `data`.
///
/// Errors:   see above. After one it is not known how much was sent.
/// Cancel:   lossy; a part may have been sent, and nobody is told how much: shut the connection.
/// Spec:     loop.sock_sendall
[[nodiscard]] Coro<void> sock_sendall(Socket& sock, std::string_view data);

/// Sends one datagram.
///
/// Returns:  how many bytes were sent: all of them, where the socket is one of datagrams.
/// Cancel:   safe; one that was sent counts as sent, and the cancellation is raised at the next
///           await.
/// Spec:     loop.sock_sendto
[[nodiscard]] Coro<std::size_t> sock_sendto(Socket& sock, std::string_view data,
                                            SocketAddress address);

/// Connects to a numeric address.
///
/// Errors:   see above; the text is asyncio's "[Errno 111] Connect call failed ('127.0.0.1', 9)".
///           BlockingIOError when the queue of a Unix listener is full: nothing tells when it is
///           not; try again later.
/// Cancel:   safe; the attempt goes on without the task. A second sock_connect() waits for its end;
///           close the socket to give it up.
/// Spec:     loop.sock_connect, which also looks names up.
[[nodiscard]] Coro<void> sock_connect(Socket& sock, SocketAddress address);

/// Takes a connection from a socket that listens.
///
/// Returns:  the connection, which is non-blocking, and the peer's address.
/// Errors:   see above. With EMFILE and ENFILE the connection stays in line, and the next call
///           tries again at once: free a descriptor, or sleep.
/// Cancel:   safe; a connection that was taken is delivered, and the cancellation is raised at the
///           next await. Where the loop is closed before, the connection is closed.
/// Spec:     loop.sock_accept
[[nodiscard]] Coro<std::pair<Socket, SocketAddress>> sock_accept(Socket& sock);

/// Sends a file, from `offset` on up to `count` bytes or its end, without copying it through the
/// process where the system can.
///
/// `file` is a descriptor, which stays the caller's. Where sendfile(2) cannot read it (a pipe, say),
/// it is read on threads of the default executor.
///
/// Returns:  how many bytes were sent.
/// Errors:   see above; ValueError when the socket is no stream, `offset` is negative or `count`
///           not positive. However it ends, the file's position is then behind what was sent.
///           A broken connection raises SIGPIPE, which new_event_loop() ignores.
/// Cancel:   lossy; a part may have been sent: the file's position tells how much. What was read
///           from a file that has no position is lost.
/// Cost:     the disk may hold the loop up where the file is not in memory.
/// Limits:   256 KiB at a time where it is read on threads.
/// Spec:     loop.sock_sendfile, with fallback=True.
[[nodiscard]] Coro<std::size_t> sock_sendfile(Socket& sock, int file, std::int64_t offset = 0,
                                              std::optional<std::int64_t> count = std::nullopt);

}  // namespace weft

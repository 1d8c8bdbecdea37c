// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/attempt.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/runtime/backend.hpp>

namespace weft::internal {
namespace {

// A count is 32 bits; what exceeds them is for the next call.
std::size_t length_of(const IoOperation& op) noexcept {
    return std::min<std::size_t>(op.length, std::numeric_limits<std::int32_t>::max());
}

msghdr* message_of(const IoOperation& op) noexcept { return reinterpret_cast<msghdr*>(op.buffer); }

int accept_one(const IoOperation& op) noexcept {
    constexpr int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    msghdr* peer = message_of(op);
    if (!peer) return ::accept4(op.fd, nullptr, nullptr, flags);
    return ::accept4(op.fd, static_cast<sockaddr*>(peer->msg_name), &peer->msg_namelen, flags);
}

ssize_t call(const IoOperation& op) noexcept {
    switch (op.kind) {
        case IoKind::readable:
        case IoKind::writable:
        case IoKind::readable_once:
        case IoKind::writable_once:
            errno = EAGAIN;
            return -1;
        case IoKind::file_read:
        case IoKind::read:
        case IoKind::read_each:
            return op.offset < 0 ? ::read(op.fd, op.buffer, length_of(op))
                                 : ::pread(op.fd, op.buffer, length_of(op), op.offset);
        case IoKind::file_sync:
            return ::fsync(op.fd);
        case IoKind::file_write:
        case IoKind::write:
            return op.offset < 0 ? ::write(op.fd, op.buffer, length_of(op))
                                 : ::pwrite(op.fd, op.buffer, length_of(op), op.offset);
        case IoKind::receive:
        case IoKind::receive_each:
        case IoKind::receive_each_local:
            return ::recv(op.fd, op.buffer, length_of(op), MSG_DONTWAIT);
        case IoKind::send:
        case IoKind::send_zero_copy:
            return ::send(op.fd, op.buffer, length_of(op), MSG_DONTWAIT | MSG_NOSIGNAL);
        case IoKind::receive_message:
            return ::recvmsg(op.fd, message_of(op), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        case IoKind::send_message:
            return ::sendmsg(op.fd, message_of(op), MSG_DONTWAIT | MSG_NOSIGNAL);
        case IoKind::connect:
            return ::connect(op.fd, reinterpret_cast<const sockaddr*>(op.buffer),
                             static_cast<socklen_t>(op.length));
        case IoKind::accept:
        case IoKind::accept_each:
            return accept_one(op);
    }
    errno = ENOSYS;
    return -1;
}

// Whether a connect(2) that failed so goes on. EAGAIN is none of these: a Unix socket says it when
// the queue of the listener is full, and nothing tells when it no longer is.
bool is_connecting(int error) noexcept {
    return error == EINPROGRESS || error == EALREADY || error == EINTR;
}

}  // namespace

std::optional<std::int32_t> attempt(const IoOperation& operation) noexcept {
    while (true) {
        const ssize_t result = call(operation);
        if (result >= 0) return static_cast<std::int32_t>(result);
        const int error = errno;
        if (operation.kind == IoKind::connect) {
            if (is_connecting(error)) return std::nullopt;
        } else if (error == EINTR) {
            continue;
        } else if (error == EAGAIN) {
            return std::nullopt;
        }
        return -error;
    }
}

bool waits_to_write(IoKind kind) noexcept {
    switch (kind) {
        case IoKind::readable:
        case IoKind::readable_once:
        case IoKind::read:
        case IoKind::read_each:
        case IoKind::file_read:
        case IoKind::receive:
        case IoKind::receive_each:
        case IoKind::receive_each_local:
        case IoKind::receive_message:
        case IoKind::accept:
        case IoKind::accept_each:
            return false;
        case IoKind::writable:
        case IoKind::writable_once:
        case IoKind::write:
        case IoKind::file_write:
        case IoKind::file_sync:
        case IoKind::send:
        case IoKind::send_zero_copy:
        case IoKind::send_message:
        case IoKind::connect:
            return true;
    }
    return false;
}

bool borrows_buffer(IoKind kind) noexcept {
    return kind == IoKind::receive_each || kind == IoKind::receive_each_local ||
           kind == IoKind::read_each;
}

bool goes_on_after(IoKind kind, std::int32_t result) noexcept {
    return kind == IoKind::readable || kind == IoKind::writable ||
           (borrows_buffer(kind) && result > 0) || (kind == IoKind::accept_each && result >= 0);
}

std::optional<std::int32_t> attempt_when_ready(const IoOperation& operation) noexcept {
    switch (operation.kind) {
        case IoKind::readable:
        case IoKind::writable:
        case IoKind::readable_once:
        case IoKind::writable_once:
            return 0;
        case IoKind::connect: {
            // A second connect(2) tells how the first one went.
            const std::optional<std::int32_t> result = attempt(operation);
            return result == -EISCONN ? 0 : result;
        }
        default:
            return attempt(operation);
    }
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/sock.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/socket_state.hpp>
#include <weft/io/internal/socket_wait.hpp>
#include <weft/io/internal/turn_budget.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft {
namespace {

using internal::OpKind;
using internal::SocketIo;
using internal::SocketState;

constexpr OpKind kind_of(const char* name) noexcept {
    return {name, internal::OpDetail::descriptor, offsetof(internal::SocketWait, fd)};
}
constexpr OpKind recv_kind = kind_of("sock_recv");
constexpr OpKind recv_into_kind = kind_of("sock_recv_into");
constexpr OpKind recvfrom_kind = kind_of("sock_recvfrom");
constexpr OpKind recvfrom_into_kind = kind_of("sock_recvfrom_into");
constexpr OpKind sendall_kind = kind_of("sock_sendall");
constexpr OpKind sendto_kind = kind_of("sock_sendto");
constexpr OpKind connect_kind = kind_of("sock_connect");
constexpr OpKind accept_kind = kind_of("sock_accept");
constexpr OpKind sendfile_kind = kind_of("sock_sendfile");

// asyncio's; as much as one read from a disk is worth.
constexpr std::size_t sendfile_chunk_bytes = 256 * 1024;

[[noreturn]] void throw_closed(const OpKind& kind) {
    throw_os_error(EBADF, std::string(kind.name) + ": the socket is closed");
}

// What every operation begins with.
Ref<SocketState> begin(const Socket& sock, const OpKind& kind) {
    EventLoop& loop = get_running_loop();
    SocketState* state = sock.state();
    if (!state || state->fd() < 0) throw_closed(kind);
    if (state->blocking() && loop.get_debug()) throw ValueError("the socket must be non-blocking");
    state->use_in(loop);
    return Ref(state);
}

// After anything was awaited.
void check_open(const SocketState& socket, const OpKind& kind) {
    if (socket.fd() < 0) throw_closed(kind);
}

// A count, or what a negative errno stands for.
std::size_t count_of(std::int32_t result, const SocketState& socket, const OpKind& kind) {
    if (result >= 0) return static_cast<std::size_t>(result);
    if (socket.fd() < 0) throw_closed(kind);
    throw_os_error(-result,
                   std::string(kind.name) + " on descriptor " + std::to_string(socket.fd()));
}

void check_size(std::ptrdiff_t n, const char* python_name) {
    if (n < 0) throw ValueError(std::string("negative buffersize in ") + python_name);
}

// A msghdr, with the address and the one buffer that it refers to.
class Message {
public:
    explicit Message(std::span<std::byte> buffer = {})
        : bytes_{.iov_base = buffer.data(), .iov_len = buffer.size()} {
        header_.msg_name = &address_;
        header_.msg_namelen = sizeof address_;
        header_.msg_iov = &bytes_;
        header_.msg_iovlen = 1;
    }
    Message(std::string_view data, const SocketAddress& to)
        : Message(std::span(reinterpret_cast<std::byte*>(const_cast<char*>(data.data())),
                            data.size())) {
        std::ranges::copy(to.bytes(), reinterpret_cast<std::byte*>(&address_));
        header_.msg_namelen = static_cast<socklen_t>(to.bytes().size());
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    [[nodiscard]] const msghdr* header() const noexcept { return &header_; }
    [[nodiscard]] SocketAddress address() const {
        return SocketAddress::from_bytes(
            std::as_bytes(std::span(&address_, 1)).first(header_.msg_namelen));
    }

private:
    sockaddr_storage address_{};
    iovec bytes_;
    msghdr header_{};
};

// recvfrom(2) into a string of just what came. False when nothing is there.
bool receive_now(const SocketState& socket, std::size_t n, std::string& data, SocketAddress* from,
                 const OpKind& kind) {
    sockaddr_storage address{};
    socklen_t address_size = sizeof address;
    ssize_t count = 0;
    const auto receive = [&](char* to, std::size_t size) {
        do {
            count = ::recvfrom(socket.fd(), to, size, MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&address), &address_size);
        } while (count < 0 && errno == EINTR);
        if (count < 0) count = -errno;
        return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    };
    data.resize_and_overwrite(std::min<std::size_t>(n, std::numeric_limits<std::int32_t>::max()),
                              receive);
    if (count == -EAGAIN) return false;
    static_cast<void>(count_of(static_cast<std::int32_t>(count), socket, kind));
    // Callers ask for the most that they would take; little is usual, and may be kept for long.
    if (data.size() < data.capacity() / 2) data.shrink_to_fit();
    if (from) {
        *from =
            SocketAddress::from_bytes(std::as_bytes(std::span(&address, 1)).first(address_size));
    }
    return true;
}

// Waits until something is there, and receives it then: a task that waits needs no buffer.
Coro<std::string> receive_string(Socket& sock, std::size_t n, SocketAddress* from,
                                 const OpKind& kind) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, kind);
    const auto turn = co_await socket->receiving.turn.scoped();
    while (true) {
        if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
        check_open(*socket, kind);
        {
            std::string data;
            if (receive_now(*socket, n, data, from, kind)) co_return data;
        }
        const SocketIo arrival{.socket = *socket,
                               .direction = socket->receiving,
                               .name = kind,
                               .kind = IoKind::readable_once,
                               .try_at_once = false};
        static_cast<void>(count_of(co_await arrival, *socket, kind));
    }
}

// Sends all of it, in the turn of the caller.
Coro<void> send_all(SocketState& socket, std::string_view data, const OpKind& kind) {
    co_await transparent;
    bool has_room = true;
    do {
        if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
        check_open(socket, kind);
        const SocketIo send{.socket = socket,
                            .direction = socket.sending,
                            .name = kind,
                            .kind = IoKind::send,
                            .buffer = data.data(),
                            .length = data.size(),
                            .try_at_once = has_room};
        const std::size_t sent = count_of(co_await send, socket, kind);
        // What the system took only a part of, it cannot take the rest of yet.
        has_room = false;
        data.remove_prefix(sent);
    } while (!data.empty());
}

}  // namespace

// ---- receiving

Coro<std::string> sock_recv(Socket& sock, std::ptrdiff_t n) {
    co_await transparent;
    static_cast<void>(begin(sock, recv_kind));
    check_size(n, "recv");
    if (n == 0) co_return std::string();
    co_return co_await receive_string(sock, static_cast<std::size_t>(n), nullptr, recv_kind);
}

Coro<std::size_t> sock_recv_into(Socket& sock, std::span<std::byte> buffer) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, recv_into_kind);
    if (buffer.empty()) co_return 0;
    const auto turn = co_await socket->receiving.turn.scoped();
    if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
    check_open(*socket, recv_into_kind);
    const SocketIo receive{.socket = *socket,
                           .direction = socket->receiving,
                           .name = recv_into_kind,
                           .kind = IoKind::receive,
                           .buffer = buffer.data(),
                           .length = buffer.size()};
    co_return count_of(co_await receive, *socket, recv_into_kind);
}

[[clang::coro_wrapper]] Coro<std::size_t> sock_recv_into(Socket& sock, std::span<char> buffer) {
    return sock_recv_into(sock, std::as_writable_bytes(buffer));
}

Coro<std::pair<std::string, SocketAddress>> sock_recvfrom(Socket& sock, std::ptrdiff_t n) {
    co_await transparent;
    static_cast<void>(begin(sock, recvfrom_kind));
    check_size(n, "recvfrom");
    SocketAddress from;
    std::string data =
        co_await receive_string(sock, static_cast<std::size_t>(n), &from, recvfrom_kind);
    co_return std::pair(std::move(data), from);
}

Coro<std::pair<std::size_t, SocketAddress>> sock_recvfrom_into(Socket& sock,
                                                               std::span<std::byte> buffer) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, recvfrom_into_kind);
    const auto turn = co_await socket->receiving.turn.scoped();
    if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
    check_open(*socket, recvfrom_into_kind);
    const Message message(buffer);
    const SocketIo receive{.socket = *socket,
                           .direction = socket->receiving,
                           .name = recvfrom_into_kind,
                           .kind = IoKind::receive_message,
                           .buffer = message.header()};
    const std::size_t count = count_of(co_await receive, *socket, recvfrom_into_kind);
    co_return std::pair(count, message.address());
}

[[clang::coro_wrapper]] Coro<std::pair<std::size_t, SocketAddress>> sock_recvfrom_into(
    Socket& sock, std::span<char> buffer) {
    return sock_recvfrom_into(sock, std::as_writable_bytes(buffer));
}

// ---- sending

Coro<void> sock_sendall(Socket& sock, std::string_view data) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, sendall_kind);
    const auto turn = co_await socket->sending.turn.scoped();
    co_await send_all(*socket, data, sendall_kind);
}

Coro<std::size_t> sock_sendto(Socket& sock, std::string_view data, SocketAddress address) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, sendto_kind);
    const auto turn = co_await socket->sending.turn.scoped();
    if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
    check_open(*socket, sendto_kind);
    const Message message(data, address);
    const SocketIo send{.socket = *socket,
                        .direction = socket->sending,
                        .name = sendto_kind,
                        .kind = IoKind::send_message,
                        .buffer = message.header()};
    const std::int32_t result = co_await send;
    if (result < 0 && socket->fd() >= 0) {
        throw_os_error(-result, "sock_sendto " + address.to_string());
    }
    co_return count_of(result, *socket, sendto_kind);
}

// ---- connections

Coro<void> sock_connect(Socket& sock, SocketAddress address) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, connect_kind);
    const auto turn = co_await socket->sending.turn.scoped();
    if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
    check_open(*socket, connect_kind);
    const SocketIo connect{.socket = *socket,
                           .direction = socket->sending,
                           .name = connect_kind,
                           .kind = IoKind::connect,
                           .buffer = address.bytes().data(),
                           .length = address.bytes().size()};
    const std::int32_t result = co_await connect;
    if (result >= 0) co_return;
    check_open(*socket, connect_kind);
    throw_os_error_saying(-result, "Connect call failed " + address.to_string());
}

Coro<std::pair<Socket, SocketAddress>> sock_accept(Socket& sock) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, accept_kind);
    const auto turn = co_await socket->receiving.turn.scoped();
    if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
    check_open(*socket, accept_kind);
    const Message peer;
    const SocketIo accept{.socket = *socket,
                          .direction = socket->receiving,
                          .name = accept_kind,
                          .kind = IoKind::accept,
                          .buffer = peer.header(),
                          .try_at_once = !socket->blocking()};
    const std::int32_t result = co_await accept;
    static_cast<void>(count_of(result, *socket, accept_kind));
    Socket connection = internal::adopt_descriptor(result, socket->family(), socket->type(), false);
    co_return std::pair(std::move(connection), peer.address());
}

// ---- files

namespace {

// Leaves the file's position behind what was sent, however that ends.
class FilePosition {
public:
    FilePosition(int file, std::int64_t offset) noexcept : file_(file), start_(offset) {}
    ~FilePosition() { static_cast<void>(::lseek(file_, start_ + sent_, SEEK_SET)); }
    FilePosition(const FilePosition&) = delete;
    FilePosition& operator=(const FilePosition&) = delete;

    [[nodiscard]] std::int64_t offset() const noexcept { return start_ + sent_; }
    [[nodiscard]] std::int64_t sent() const noexcept { return sent_; }
    void advance(std::int64_t bytes) noexcept { sent_ += bytes; }

private:
    int file_;
    std::int64_t start_;
    std::int64_t sent_ = 0;
};

void check_sendfile(const SocketState& socket, std::int64_t offset,
                    std::optional<std::int64_t> count) {
    if (socket.type() != sock_stream) {
        throw ValueError("only SOCK_STREAM type sockets are supported");
    }
    if (count && *count <= 0) {
        throw ValueError("count must be a positive integer (got " + std::to_string(*count) + ")");
    }
    if (offset < 0) {
        throw ValueError("offset must be a non-negative integer (got " + std::to_string(offset) +
                         ")");
    }
}

// sendfile(2) cannot read that file.
bool needs_reading(int error) noexcept {
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ESPIPE;
}

// On a thread.
std::string read_chunk(int file, std::int64_t offset, std::size_t bytes) {
    std::string chunk;
    ssize_t count = 0;
    const auto read = [&](char* to, std::size_t size) {
        do {
            count = ::pread(file, to, size, offset);
            if (count < 0 && errno == ESPIPE) count = ::read(file, to, size);
        } while (count < 0 && errno == EINTR);
        if (count < 0) count = -errno;
        return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    };
    chunk.resize_and_overwrite(bytes, read);
    if (count < 0) {
        throw_os_error(static_cast<int>(-count),
                       "sock_sendfile from descriptor " + std::to_string(file));
    }
    return chunk;
}

Coro<void> read_and_send(SocketState& socket, int file, FilePosition& position,
                         std::int64_t count) {
    co_await transparent;
    while (position.sent() < count) {
        const auto bytes = static_cast<std::size_t>(std::min<std::int64_t>(
            count - position.sent(), static_cast<std::int64_t>(sendfile_chunk_bytes)));
        const auto read = [file, offset = position.offset(), bytes] {
            return read_chunk(file, offset, bytes);
        };
        const std::string chunk = co_await to_thread(read);
        if (chunk.empty()) co_return;
        co_await send_all(socket, chunk, sendfile_kind);
        position.advance(static_cast<std::int64_t>(chunk.size()));
    }
}

}  // namespace

Coro<std::size_t> sock_sendfile(Socket& sock, int file, std::int64_t offset,
                                std::optional<std::int64_t> count) {
    co_await transparent;
    const Ref<SocketState> socket = begin(sock, sendfile_kind);
    check_sendfile(*socket, offset, count);
    const auto turn = co_await socket->sending.turn.scoped();
    const std::int64_t most = count.value_or(std::numeric_limits<std::int64_t>::max());
    FilePosition position(file, offset);
    while (position.sent() < most) {
        if (internal::turn_is_due()) co_await sleep(Nanoseconds::zero());
        check_open(*socket, sendfile_kind);
        off_t from = position.offset();
        const auto bytes = std::min<std::int64_t>(most - position.sent(),
                                                  std::numeric_limits<std::int32_t>::max());
        const ssize_t sent = ::sendfile(socket->fd(), file, &from, static_cast<std::size_t>(bytes));
        const int error = sent < 0 ? errno : 0;
        if (sent == 0) break;
        if (sent > 0) {
            position.advance(sent);
        } else if (error == EAGAIN) {
            const SocketIo room{.socket = *socket,
                                .direction = socket->sending,
                                .name = sendfile_kind,
                                .kind = IoKind::writable_once,
                                .try_at_once = false};
            static_cast<void>(count_of(co_await room, *socket, sendfile_kind));
        } else if (position.sent() == 0 && needs_reading(error)) {
            co_await read_and_send(*socket, file, position, most);
            break;
        } else if (error != EINTR) {
            static_cast<void>(count_of(-error, *socket, sendfile_kind));
        }
    }
    co_return static_cast<std::size_t>(position.sent());
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/server_state.hpp>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/log.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/handshake.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>

namespace weft::internal {
namespace {

using namespace std::chrono_literals;

// Python's ACCEPT_RETRY_DELAY: how long a server without descriptors waits for some.
constexpr auto rest_without_descriptors = 1s;

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
    struct stat found{};
    if (::stat(path_.c_str(), &found) != 0) return;  // an abstract name
    device_ = found.st_dev;
    inode_ = found.st_ino;
}

void SocketFile::remove() const noexcept {
    struct stat found{};
    if (::stat(path_.c_str(), &found) != 0) return;
    if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

ServerState::ServerState(EventLoop& loop, ClientConnected client_connected,
                         std::vector<Socket> sockets, StartServerOptions options)
    : loop_(loop),
      client_connected_(std::make_shared<ClientConnected>(std::move(client_connected))),
      sockets_(std::move(sockets)),
      options_(options) {
    for (const Socket& listener : sockets_) {
        acceptors_.push_back(Acceptor(loop, listener, *this));
    }
    loop.resources().push_back(*this);
    retain();
}

void ServerState::start_serving() {
    if (serving_ || closed_) return;
    start_accepting();
    serving_ = true;
}

// At all of the sockets, or at none.
void ServerState::start_accepting() {
    try {
        for (Socket& listener : sockets_) listener.listen(options_.backlog);
        for (Acceptor& acceptor : acceptors_) acceptor.start();
    } catch (...) {
        stop_accepting();
        throw;
    }
}

void ServerState::stop_accepting() noexcept {
    for (Acceptor& acceptor : acceptors_) acceptor.pause();
}

void ServerState::accepted(Channel connection, const SocketAddress& peer) {
    const StreamReader reader(options_.limit);
    const auto transport =
        StreamTransport::start(loop_, std::move(connection), peer, reader, Flow::both, this);
    StreamWriter writer(transport);  // closes it where the rest finds no memory
    connections_.insert(transport.get());
    if (options_.ssl) {
        transport->protect(options_.ssl->server_layer(), options_.ssl_shutdown_timeout.get());
    }
    static_cast<void>(loop_.create_task(
        options_.ssl
            ? handle_protected(Ref(this), client_connected_, transport, reader, std::move(writer))
            : handle(Ref(this), client_connected_, reader, std::move(writer))));
}

// As in asyncio, a client that comes to no handshake is no event of the server's.
Coro<void> ServerState::handle_protected(Ref<ServerState> self,
                                         std::shared_ptr<const ClientConnected> handler,
                                         Ref<StreamTransport> connection, StreamReader reader,
                                         StreamWriter writer) {
    try {
        co_await handshake(connection, self->options_.ssl_handshake_timeout);
    } catch (const OSError& error) {
        if (self->loop_.get_debug()) {
            log(LogLevel::info,
                "TLS handshake of the " + connection->describe() + " failed: " + error.what());
        }
        co_return;
    }
    co_await handle(std::move(self), std::move(handler), std::move(reader), std::move(writer));
}

Coro<void> ServerState::handle(Ref<ServerState> self,
                               std::shared_ptr<const ClientConnected> handler, StreamReader reader,
                               StreamWriter writer) {
    try {
        co_await (*handler)(reader, writer);
    } catch (...) {
        writer.close();
        const std::exception_ptr error = std::current_exception();
        if (is_cancelled_error(error) || is_loop_ending(error)) throw;
        self->loop_.call_exception_handler(
            {.message = "Unhandled exception in client_connected_cb", .exception = error});
    }
}

// Connections that wait are not lost meanwhile.
void ServerState::cannot_accept(int code) {
    if (resting_) return;  // another of the sockets has told of it
    const Ref self(this);  // the handler may close the server, and drop its last handle
    resting_ = loop_.call_later(rest_without_descriptors, [this] {
        resting_.reset();
        for (Acceptor& acceptor : acceptors_) acceptor.resume();
    });
    stop_accepting();
    loop_.call_exception_handler({
        .message = "socket.accept() out of system resource",
        .exception = std::make_exception_ptr(OSError(code, std::generic_category().message(code))),
    });
}

void ServerState::close() noexcept {
    if (closed_) return;
    const Ref self(this);  // what the handler captured may be the last to own it
    if (!loop_.is_closed()) {
        // Who has come is served. That may have things reported, and so come back here.
        for (std::size_t i = 0; i < acceptors_.size(); ++i) acceptors_[i].tell_all();
    }
    if (std::exchange(closed_, true)) return;
    if (resting_) resting_->cancel();
    serving_ = false;
    acceptors_.clear();
    sockets_.clear();
    if (file_) file_->remove();
    if (serving_forever) serving_forever->cancel();
    end_if_over();
    client_connected_.reset();
}

void ServerState::close_clients() noexcept {
    for (StreamTransport* connection : connections_) connection->close();
}

void ServerState::abort_clients() noexcept {
    for (StreamTransport* connection : connections_) connection->abort();
}

void ServerState::connection_is_lost(StreamTransport& transport) noexcept {
    connections_.erase(&transport);
    end_if_over();
}

void ServerState::end_if_over() noexcept {
    if (!closed_ || !connections_.empty() || over_.is_set()) return;
    over_.set();
    ListNode::unlink();
    release();  // the loop's
}

void ServerState::loop_closes() noexcept {
    const Ref self(this);  // as in close()
    serving_ = false;
    closed_ = true;
    acceptors_.clear();
    connections_.clear();
    sockets_.clear();
    end_if_over();
    client_connected_.reset();
}

}  // namespace weft::internal

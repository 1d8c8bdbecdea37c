// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/server_state.hpp - what the handles of a Server, its listening sockets and its
// connections share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <weft/base/ref.hpp>
#include <weft/io/internal/acceptor.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/loop_resource.hpp>

namespace weft::internal {

/// The name of a Unix socket in the file system, which is to go with it.
class SocketFile {
public:
    /// Remembers the file at `path`, which was just bound.
    explicit SocketFile(std::string path);
    /// Removes it, unless another has taken its place.
    void remove() const noexcept;

private:
    std::string path_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

class ServerState final : public ConnectionOwner, private ConnectionTaker, private LoopResource {
public:
    /// The loop owns it until it is closed and its last connection is over.
    ServerState(EventLoop& loop, ClientConnected client_connected, std::vector<Socket> sockets,
                StartServerOptions options);
    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    [[nodiscard]] std::span<const Socket> sockets() const noexcept { return sockets_; }
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    [[nodiscard]] bool is_serving() const noexcept { return serving_; }
    void start_serving();
    void close() noexcept;
    void close_clients() noexcept;
    void abort_clients() noexcept;
    void owns(SocketFile file) { file_ = std::move(file); }
    /// Set when it is closed and no connection is left.
    [[nodiscard]] Event& over() noexcept { return over_; }
    [[nodiscard]] const Event& over() const noexcept { return over_; }
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

    /// The future that serve_forever() waits for; close() cancels it.
    std::optional<Future<void>> serving_forever;

    void connection_is_lost(StreamTransport& transport) noexcept override;

private:
    ~ServerState() = default;
    void accepted(Channel connection, const SocketAddress& peer) override;
    void cannot_accept(int code) override;
    void start_accepting();
    void stop_accepting() noexcept;
    void end_if_over() noexcept;
    void loop_closes() noexcept override;
    static Coro<void> handle(Ref<ServerState> self, std::shared_ptr<const ClientConnected> handler,
                             StreamReader reader, StreamWriter writer);
    static Coro<void> handle_protected(Ref<ServerState> self,
                                       std::shared_ptr<const ClientConnected> handler,
                                       Ref<StreamTransport> connection, StreamReader reader,
                                       StreamWriter writer);

    EventLoop& loop_;
    // Also the tasks', which run in it; null once it is closed, since what it captures may own this.
    std::shared_ptr<const ClientConnected> client_connected_;
    std::vector<Socket> sockets_;
    StartServerOptions options_;
    std::vector<Acceptor> acceptors_;
    std::unordered_set<StreamTransport*> connections_;
    std::optional<SocketFile> file_;
    std::optional<TimerHandle> resting_;
    Event over_;
    std::uint32_t owners_ = 0;
    bool serving_ = false;
    bool closed_ = false;
};

}  // namespace weft::internal

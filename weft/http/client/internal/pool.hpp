// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/pool.hpp - Pool: how many connections there may be, and who gets one.
//
//   acquire() ──a place is free──────────────────▶ Slot ──keep()──▶ idle connection
//      │                                            ▲  └──gone────▶ closed
//      └──none──▶ waiter, first in, first out ──────┘
//
// A Slot is the right to one connection. Whoever loses it, by whatever end, gives it to the next
// who waits. The first of all whose host has room is the next.
//
// A connection of HTTP/2 is lent to many: each has a Share of it, one stream, and it keeps its one slot
// as long as there is a share. Who waits for its host gets a share as soon as there is one, or a slot to
// make another connection. While it is not known whether a host speaks HTTP/2, and while another
// connection to one that does is being made, its others wait for that, and until its server has told how
// many streams it takes: those that it has no room for would else wait for others on that connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/loop_resource.hpp>

namespace weft {
class EventLoop;
}
namespace weft::http::internal {

class Pool;

class Share;

/// The right to one connection to a host, and that connection once there is one.
class Slot {
public:
    Slot(Ref<Pool> pool, Host& host) noexcept;
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&&) = delete;
    ~Slot();

    /// Null until one was made.
    [[nodiscard]] Connection* connection() const noexcept { return connection_.get(); }
    /// Errors: ClientConnectionError   the pool was closed meanwhile; the connection is, too.
    void set_connection(std::unique_ptr<Connection> connection);
    /// No connection could be made: those who wait need not wait for one that they could share.
    void give_up_dialing() noexcept;
    /// One that has a connection of HTTP/2, of which others have shares, too, from now on.
    [[nodiscard]] Share lend() && noexcept;
    /// Ends it, and leaves the connection to others where it can serve them: for `idle_max` at most,
    /// if the server has said so.
    void keep(std::optional<Nanoseconds> idle_max) && noexcept;

private:
    friend class Lending;
    friend class Pool;
    Ref<Pool> pool_;  // null: moved from, or ended
    Host* host_;
    // It was given without a connection, and there is none yet; of HTTP/2, it is not known yet for how
    // many it is.
    bool dials_ = false;
    std::unique_ptr<Connection> connection_;
};

/// A connection of HTTP/2 while it is lent: it has its own slot.
class Lending final : public ListNode, public RoomWatcher {
public:
    void room_has_changed() noexcept override;

private:
    friend class Pool;
    friend class Share;
    friend class Slot;
    std::optional<Slot> slot_;  // while there are shares
    std::size_t shares_ = 0;
};

/// The right to one stream of a connection of HTTP/2.
class Share {
public:
    Share(Ref<Pool> pool, Connection& connection) noexcept;
    Share(Share&& other) noexcept = default;
    Share& operator=(Share&&) = delete;
    ~Share();

    [[nodiscard]] Connection& connection() const noexcept { return *connection_; }

private:
    Ref<Pool> pool_;  // null: moved from
    Connection* connection_;
};

/// What a request is given.
using Place = std::variant<Slot, Share>;

struct PoolLimits {
    std::size_t in_use;           // 0: none
    std::size_t in_use_per_host;  // 0: none
    std::size_t idle;
    Nanoseconds idle_time;
    Nanoseconds age;
};

class Pool final : private weft::internal::LoopResource {
public:
    Pool(EventLoop& loop, const PoolLimits& limits) noexcept;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    /// A share of a connection of HTTP/2 if there is one; else a slot if one is free and nobody is to
    /// have it before, with an idle connection of that key if there is one.
    /// Errors: ClientConnectionError   the pool is closed.
    [[nodiscard]] std::optional<Place> acquire_nowait(const ConnectionKey& key);
    /// The same, waiting for its turn.
    /// Errors: as above, also when it is closed meanwhile.
    /// Cancel: safe; what was given already goes to the next.
    [[nodiscard]] Coro<Place> acquire(const ConnectionKey& key);

    /// Closes idle connections, aborts those in use, and ends all waiting.
    void close() noexcept;
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    /// Those of all connections: to wait for their end.
    [[nodiscard]] std::vector<StreamWriter> writers() const;
    /// Gives away the connection that has been idle for longest; null if there is none.
    [[nodiscard]] std::unique_ptr<Connection> take_oldest_idle() noexcept;

    /// Until loop_is_closed().
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    [[nodiscard]] bool loop_is_closed() const noexcept { return loop_is_closed_; }
    [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
    [[nodiscard]] std::size_t idle() const noexcept { return idle_count_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    friend class Host;
    friend class Lending;
    friend class Share;
    friend class Slot;
    struct Waiter;
    using Hosts = std::unordered_map<ConnectionKey, std::unique_ptr<Host>, ConnectionKeyHash>;

    ~Pool();
    void loop_closes() noexcept override;
    [[nodiscard]] Host& host_of(const ConnectionKey& key);
    [[nodiscard]] bool has_room(const Host& host) const noexcept;
    [[nodiscard]] Place grant(Host& host);
    void grant_waiting();
    [[nodiscard]] Connection* lender(const Host& host) const noexcept;
    void share_with_waiting(Host& host);
    void end_share(Connection& connection) noexcept;
    void end_dialing(Host& host);
    void queue_again(Host& host);
    void end_slot(Slot& slot) noexcept;
    void put(Host& host, std::unique_ptr<Connection> connection, TimePoint now) noexcept;
    [[nodiscard]] std::unique_ptr<Connection> take_idle(Host& host) noexcept;
    [[nodiscard]] std::unique_ptr<Connection> take_idle(const Connection& connection) noexcept;
    [[nodiscard]] bool is_of_use(const Connection& connection, TimePoint now) const noexcept;
    void close_idle(const Connection& connection) noexcept;
    void close_all_idle() noexcept;
    void sweep() noexcept;
    void sweep_later() noexcept;
    void forget_if_unused(Host& host) noexcept;

    EventLoop& loop_;
    PoolLimits limits_;
    std::uint32_t owners_ = 0;
    bool closed_ = false;
    bool loop_is_closed_ = false;
    std::size_t in_use_ = 0;
    std::size_t idle_count_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t last_ticket_ = 0;
    Hosts hosts_;
    std::map<std::uint64_t, Host*> next_;  // hosts with room, by the ticket of their first waiter
    List<Connection> idle_;                // the one that has been idle for longest comes first
    List<Connection> busy_;
    TimerHandle sweep_timer_;
    bool sweeps_ = false;
};

}  // namespace weft::http::internal

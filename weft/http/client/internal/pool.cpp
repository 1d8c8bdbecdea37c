// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/pool.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/loop_resource.hpp>

namespace weft::http::internal {
namespace {

// While connections are idle: how long one may stay open after its server has gone.
constexpr std::chrono::seconds sweep_interval(1);

}  // namespace

struct Pool::Waiter : ListNode {
    Waiter(Pool& of, Host& at);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    Ref<Pool> pool;
    Host& host;
    std::uint64_t ticket;
    Event granted;  // also when the pool is closed
    std::optional<Place> place;
};

class Host {
public:
    using Turn = std::map<std::uint64_t, Host*>::node_type;

    explicit Host(const ConnectionKey& of) : key(of), turn(make_turn()) {}

    const ConnectionKey& key;  // in Pool::hosts_
    std::size_t in_use = 0;
    std::vector<std::unique_ptr<Connection>> idle;  // the one that was used last comes last
    List<Pool::Waiter> waiters;
    List<Lending> lent;
    std::size_t dials = 0;       // as of Slot
    bool hopes_to_share = true;  // it speaks HTTP/2, or may do so, as far as is known
    // Its place in Pool::next_: made beforehand, since a slot that ends must not fail.
    Turn turn;                       // while it has none
    std::uint64_t ticket_there = 0;  // while it has one

    /// Whether the connection that is being made will serve those who wait, too.
    [[nodiscard]] bool will_share() const noexcept {
        return dials > 0 && key.http2 != Http2::never && hopes_to_share;
    }

private:
    static Turn make_turn() {
        std::map<std::uint64_t, Host*> made{{0, nullptr}};
        return made.extract(made.begin());
    }
};

// ---- Slot

Slot::Slot(Ref<Pool> pool, Host& host) noexcept : pool_(std::move(pool)), host_(&host) {}

Slot::Slot(Slot&& other) noexcept
    : pool_(std::move(other.pool_)),
      host_(other.host_),
      dials_(std::exchange(other.dials_, false)),
      connection_(std::move(other.connection_)) {}

Slot::~Slot() {
    if (pool_) pool_->end_slot(*this);
}

void Slot::set_connection(std::unique_ptr<Connection> connection) {
    if (pool_->is_closed()) throw ClientConnectionError("the session was closed meanwhile");
    // So that keep() needs no memory: what is not idle is in use.
    host_->idle.reserve(host_->idle.size() + host_->in_use);
    if (connection->http2()) connection->lending = std::make_unique<Lending>();
    connection_ = std::move(connection);
    pool_->busy_.push_back(*connection_);
    host_->hopes_to_share = connection_->http2() != nullptr;
    if (!connection_->http2() && std::exchange(dials_, false)) pool_->end_dialing(*host_);
}

void Slot::give_up_dialing() noexcept { host_->hopes_to_share = !host_->lent.empty(); }

Share Slot::lend() && noexcept {
    Connection& connection = *connection_;
    const Ref<Pool> pool = pool_;
    Host& host = *host_;
    Lending& lending = *connection.lending;
    lending.slot_.emplace(std::move(*this));
    host.lent.push_back(lending);
    connection.http2()->watcher = &lending;
    Share share(pool, connection);
    if (connection.http2()->streams_max()) lending.room_has_changed();
    return share;
}

void Slot::keep(std::optional<Nanoseconds> idle_max) && noexcept {
    if (!pool_ || !connection_ || pool_->loop_is_closed()) return;
    const Nanoseconds idle =
        std::min(idle_max.value_or(Nanoseconds::max()), pool_->limits_.idle_time);
    const TimePoint now = pool_->loop_.time();
    connection_->idle_until = Delay(idle).after(now);
    connection_->has_served = true;
    pool_->put(*host_, std::move(connection_), now);
    const Slot ended(std::move(*this));
}

// ---- what is shared

void Lending::room_has_changed() noexcept {
    if (!slot_) return;
    const Ref<Pool> pool = slot_->pool_;
    Host& host = *slot_->host_;
    pool->share_with_waiting(host);
    if (std::exchange(slot_->dials_, false)) pool->end_dialing(host);
}

Share::Share(Ref<Pool> pool, Connection& connection) noexcept
    : pool_(std::move(pool)), connection_(&connection) {
    ++connection_->lending->shares_;
}

Share::~Share() {
    if (pool_) pool_->end_share(*connection_);
}

// ---- Pool

Pool::Pool(EventLoop& loop, const PoolLimits& limits) noexcept : loop_(loop), limits_(limits) {
    loop.resources().push_back(*this);
}

Pool::~Pool() {
    sweep_timer_.cancel();
    close_all_idle();
}

// Its connections close by themselves, and nobody waits any more.
void Pool::loop_closes() noexcept {
    LoopResource::unlink();
    loop_is_closed_ = closed_ = true;
    sweep_timer_.cancel();
}

Host& Pool::host_of(const ConnectionKey& key) {
    const auto [at, is_new] = hosts_.try_emplace(key);
    if (is_new) {
        try {
            at->second = std::make_unique<Host>(at->first);
        } catch (...) {
            hosts_.erase(at);
            throw;
        }
    }
    return *at->second;
}

bool Pool::has_room(const Host& host) const noexcept {
    return !host.will_share() &&
           (limits_.in_use_per_host == 0 || host.in_use < limits_.in_use_per_host);
}

std::optional<Place> Pool::acquire_nowait(const ConnectionKey& key) {
    if (closed_) throw ClientConnectionError("the session is closed");
    if (key.http2 != Http2::never) {
        const auto at = hosts_.find(key);
        Connection* const shared = at == hosts_.end() ? nullptr : lender(*at->second);
        if (shared) return Place(Share(Ref<Pool>(this), *shared));
    }
    const bool is_full = limits_.in_use != 0 && in_use_ >= limits_.in_use;
    if (is_full) return std::nullopt;
    Host& host = host_of(key);
    if (!host.waiters.empty() || !has_room(host)) return std::nullopt;  // nor is it unused
    return grant(host);
}

Coro<Place> Pool::acquire(const ConnectionKey& key) {
    co_await transparent;
    if (auto place = acquire_nowait(key)) co_return std::move(*place);
    Waiter waiter(*this, host_of(key));
    co_await waiter.granted.wait();
    if (!waiter.place) throw ClientConnectionError("the session was closed meanwhile");
    co_return std::move(*waiter.place);
}

Pool::Waiter::Waiter(Pool& of, Host& at) : pool(&of), host(at), ticket(++of.last_ticket_) {
    host.waiters.push_back(*this);
    ++pool->waiting_;
    pool->queue_again(host);
}

Pool::Waiter::~Waiter() {
    if (!linked()) return;
    unlink();
    --pool->waiting_;
    pool->queue_again(host);
    pool->forget_if_unused(host);
}

Place Pool::grant(Host& host) {
    ++in_use_;
    ++host.in_use;
    Slot slot(Ref<Pool>(this), host);
    slot.connection_ = take_idle(host);
    if (slot.connection_) {
        busy_.push_back(*slot.connection_);
    } else {
        slot.dials_ = true;
        ++host.dials;
    }
    if (slot.connection_ && slot.connection_->http2()) return std::move(slot).lend();
    return slot;
}

// One that has room for another stream; null for none.
Connection* Pool::lender(const Host& host) const noexcept {
    const TimePoint now = loop_.time();
    for (const Lending& lending : host.lent) {
        Connection& connection = *lending.slot_->connection();
        const Http2Connection& http2 = *connection.http2();
        const bool has_room =
            http2.is_usable() && lending.shares_ < http2.streams_max().value_or(1);
        if (has_room && now - connection.made_at < limits_.age) return &connection;
    }
    return nullptr;
}

void Pool::share_with_waiting(Host& host) {
    while (!host.waiters.empty()) {
        Connection* const connection = lender(host);
        if (!connection) return;
        Waiter& waiter = *host.waiters.pop_front();
        --waiting_;
        waiter.place.emplace(Share(Ref<Pool>(this), *connection));
        queue_again(host);
        waiter.granted.set();
    }
}

// The last one to let go of it leaves it to be idle.
void Pool::end_share(Connection& connection) noexcept {
    const Ref<Pool> alive(this);
    Lending& lending = *connection.lending;
    if (--lending.shares_ > 0) return share_with_waiting(*lending.slot_->host_);
    lending.unlink();
    connection.http2()->watcher = nullptr;
    Slot slot = std::move(*lending.slot_);
    lending.slot_.reset();
    // It has ended before its server has said anything.
    if (slot.dials_ && !connection.http2()->is_open()) slot.give_up_dialing();
    std::move(slot).keep(std::nullopt);
}

void Pool::end_dialing(Host& host) {
    --host.dials;
    queue_again(host);
    grant_waiting();
}

void Pool::grant_waiting() {
    while (!next_.empty() && (limits_.in_use == 0 || in_use_ < limits_.in_use)) {
        Host& host = *next_.begin()->second;
        Waiter& waiter = *host.waiters.pop_front();
        --waiting_;
        waiter.place.emplace(grant(host));
        queue_again(host);
        waiter.granted.set();
    }
}

// After a change of its waiters, or of the room that it has.
void Pool::queue_again(Host& host) {
    if (host.turn.empty()) host.turn = next_.extract(host.ticket_there);
    if (host.waiters.empty() || !has_room(host)) return;
    host.ticket_there = host.waiters.front().ticket;
    host.turn.key() = host.ticket_there;
    host.turn.mapped() = &host;
    next_.insert(std::move(host.turn));
}

void Pool::end_slot(Slot& slot) noexcept {
    const Ref<Pool> alive = std::move(slot.pool_);
    slot.connection_.reset();
    Host& host = *slot.host_;
    --in_use_;
    --host.in_use;
    if (slot.dials_) --host.dials;
    queue_again(host);
    grant_waiting();
    forget_if_unused(host);
}

void Pool::put(Host& host, std::unique_ptr<Connection> connection, TimePoint now) noexcept {
    if (closed_ || limits_.idle == 0 || !is_of_use(*connection, now)) return connection->close();
    if (idle_count_ >= limits_.idle) close_idle(idle_.front());
    connection->unlink();
    idle_.push_back(*connection);
    connection->host = &host;
    ++idle_count_;
    host.idle.push_back(std::move(connection));
    sweep_later();
}

bool Pool::is_of_use(const Connection& connection, TimePoint now) const noexcept {
    return connection.is_reusable() && now < connection.idle_until &&
           now - connection.made_at < limits_.age;
}

// The one that was used last, which its server has had the least time to close.
std::unique_ptr<Connection> Pool::take_idle(Host& host) noexcept {
    const TimePoint now = loop_.time();
    while (!host.idle.empty()) {
        std::unique_ptr<Connection> connection = std::move(host.idle.back());
        host.idle.pop_back();
        connection->unlink();
        --idle_count_;
        if (is_of_use(*connection, now)) return connection;
        connection->close();
    }
    return nullptr;
}

std::unique_ptr<Connection> Pool::take_idle(const Connection& connection) noexcept {
    Host& host = *connection.host;
    const auto at = std::ranges::find(host.idle, &connection, &std::unique_ptr<Connection>::get);
    std::unique_ptr<Connection> taken = std::move(*at);
    host.idle.erase(at);
    taken->unlink();
    --idle_count_;
    forget_if_unused(host);
    return taken;
}

std::unique_ptr<Connection> Pool::take_oldest_idle() noexcept {
    return idle_.empty() ? nullptr : take_idle(idle_.front());
}

void Pool::close_idle(const Connection& connection) noexcept { take_idle(connection)->close(); }

void Pool::close_all_idle() noexcept {
    while (!idle_.empty()) close_idle(idle_.front());
}

void Pool::sweep_later() noexcept {
    if (std::exchange(sweeps_, true)) return;
    sweep_timer_ = loop_.call_later(sweep_interval, [this] { sweep(); });
}

void Pool::sweep() noexcept {
    sweeps_ = false;
    const TimePoint now = loop_.time();
    for (auto at = idle_.begin(); at != idle_.end();) {
        const Connection& connection = *at;
        ++at;
        if (!is_of_use(connection, now)) close_idle(connection);
    }
    if (!idle_.empty()) sweep_later();
}

void Pool::forget_if_unused(Host& host) noexcept {
    if (host.in_use > 0 || !host.idle.empty() || !host.waiters.empty()) return;
    hosts_.erase(hosts_.find(host.key));
}

std::vector<StreamWriter> Pool::writers() const {
    std::vector<StreamWriter> all;
    for (const Connection& connection : idle_) all.push_back(connection.writer());
    for (const Connection& connection : busy_) all.push_back(connection.writer());
    return all;
}

void Pool::close() noexcept {
    if (std::exchange(closed_, true)) return;
    const Ref<Pool> alive(this);
    sweep_timer_.cancel();
    close_all_idle();
    for (const Connection& connection : busy_) connection.abort();
    next_.clear();
    for (auto& [key, host] : hosts_) {
        while (Waiter* waiter = host->waiters.pop_front()) {
            --waiting_;
            waiter->granted.set();
        }
    }
}

}  // namespace weft::http::internal

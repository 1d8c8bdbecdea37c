// SPDX-License-Identifier: Apache-2.0
// Datagrams in the storm: each that was sent comes once, in the order of sending; one that was given
// up was not sent.
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "pattern.hpp"
#include "storm.hpp"
#include "storms.hpp"

#include <weft/base/bytes.hpp>
#include <weft/io/datagrams.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>

namespace weft::soak {
namespace {

using namespace std::chrono_literals;

// So many are on their way at most: the system drops those of UDP that it has no room for.
constexpr std::size_t on_their_way_max = 16;
constexpr std::size_t datagram_bytes_max = 1'000;

// What both ends know.
struct Progress {
    std::size_t count;
    std::size_t received = 0;
};

// The number, and a piece of the pattern that begins there.
Bytes datagram(std::size_t number, std::size_t bytes) {
    return std::to_string(number) + " " + Bytes(pattern(number, bytes));
}

Coro<void> send_all(Player me, DatagramEndpoint& from, SocketAddress to, const Progress& progress) {
    for (std::size_t number = 0; number < progress.count; ++number) {
        while (number - progress.received >= on_their_way_max) co_await sleep(0s);
        const Bytes data = datagram(number, me.dice.up_to(datagram_bytes_max));
        for (bool is_sent = false; !is_sent;) {
            if (me.dice.one_in(2)) {
                is_sent = co_await me.in_haste(from.sendto(data, to));
            } else {
                const auto sent = co_await me.in_haste(sock_sendto(from.socket(), data, to));
                me.expect(!sent || *sent == data.size(), "a datagram was cut");
                is_sent = sent.has_value();
            }
        }
    }
}

Coro<std::optional<Bytes>> receive(Player& me, DatagramEndpoint& at) {
    switch (me.dice.up_to(2)) {
        case 0: {
            auto got = co_await me.in_haste(at.recvfrom());
            if (got) co_return std::move(got->first);
            break;
        }
        case 1: {
            auto got = co_await me.in_haste(sock_recvfrom(at.socket(), 65'535));
            if (got) co_return std::move(got->first);
            break;
        }
        default: {
            std::array<char, 2 * datagram_bytes_max> buffer;
            const auto got =
                co_await me.in_haste(sock_recvfrom_into(at.socket(), std::span(buffer)));
            if (got) co_return Bytes(buffer.data(), got->first);
            break;
        }
    }
    co_return std::nullopt;
}

Coro<void> receive_all(Player me, DatagramEndpoint& at, Progress& progress) {
    while (progress.received < progress.count) {
        const auto data = co_await receive(me, at);
        if (!data) continue;
        const std::string number = std::to_string(progress.received);
        const std::size_t space = data->find(' ');
        me.expect(data->substr(0, space) == number,
                  "datagram " + data->substr(0, space) + " came in place of " + number);
        me.expect(space != Bytes::npos &&
                      is_pattern(BytesView(*data).substr(space + 1), progress.received),
                  "a datagram was changed");
        ++progress.received;
    }
}

class DatagramStorm final : public Part {
public:
    explicit DatagramStorm(Road road) : road_(road) {}

    [[nodiscard]] std::string name() const override {
        return road_ == Road::tcp ? "datagrams, UDP" : "datagrams, Unix";
    }
    Coro<void> open(Player&) override { co_return; }
    Coro<void> close(Player&) override { co_return; }

    Coro<void> round(Player& me) override {
        // An empty path lets the system choose a name.
        const SocketAddress somewhere =
            road_ == Road::tcp ? SocketAddress("127.0.0.1", 0) : SocketAddress::from_path("");
        DatagramEndpoint one = co_await create_datagram_endpoint({.local_addr = somewhere});
        DatagramEndpoint other = co_await create_datagram_endpoint({.local_addr = somewhere});
        Progress there{.count = me.dice.up_to(200)};
        Progress back{.count = me.dice.up_to(200)};
        const auto all = [&](TaskGroup& group) {
            group.create_task(send_all(me.another(), one, other.getsockname(), there));
            group.create_task(receive_all(me.another(), other, there));
            group.create_task(send_all(me.another(), other, one.getsockname(), back));
            group.create_task(receive_all(me.another(), one, back));
        };
        co_await TaskGroup::scope(all);
    }

private:
    Road road_;
};

}  // namespace

std::shared_ptr<Part> datagram_storm(Road road) { return std::make_shared<DatagramStorm>(road); }

}  // namespace weft::soak

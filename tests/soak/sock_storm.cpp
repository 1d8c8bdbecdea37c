// SPDX-License-Identifier: Apache-2.0
// The sock_ functions in the storm: what is received goes on exactly where a receiver gave up, and
// what a sender gave up has arrived up to some byte.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "pattern.hpp"
#include "storm.hpp"
#include "storms.hpp"
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/file.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>

namespace weft::soak {
namespace {

constexpr std::size_t text_bytes_max = 400'000;

// One direction of a connection, as both its ends see it.
struct Line {
    std::size_t first = 0;     // where in the pattern it begins
    std::size_t certain = 0;   // so much was sent
    std::size_t possible = 0;  // and no more than this
};
struct Call {
    Line there;
    Line back;
};

// A file with the pattern from its beginning, and the position of who sends it.
class PatternFile {
public:
    explicit PatternFile(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (fd_ < 0) throw_os_error(errno, path);
    }
    PatternFile(const PatternFile&) = delete;
    PatternFile& operator=(const PatternFile&) = delete;
    ~PatternFile() { ::close(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    void seek(std::size_t position) const { ::lseek(fd_, static_cast<off_t>(position), SEEK_SET); }
    [[nodiscard]] std::size_t position() const {
        return static_cast<std::size_t>(::lseek(fd_, 0, SEEK_CUR));
    }

private:
    int fd_;
};

// What was sent of a file is known also when it was given up.
Coro<void> send_of_file(Player& me, Socket& socket, Line& line, std::size_t count,
                        const std::string& path) {
    const PatternFile file(path);
    const std::size_t end = line.certain + count;
    line.possible = end;
    while (line.certain < end) {
        const std::size_t from = line.first + line.certain;
        file.seek(from);
        const auto sent =
            co_await me.in_haste(sock_sendfile(socket, file.fd(), static_cast<std::int64_t>(from),
                                               static_cast<std::int64_t>(end - line.certain)));
        const std::size_t moved = file.position() - from;
        if (sent) me.expect(*sent == moved, "the position is not behind what was sent");
        line.certain += moved;
    }
}

Coro<void> speak(Player me, Socket& socket, Line& line, const std::string& path) {
    const std::size_t all = me.dice.magnitude(text_bytes_max);
    while (line.certain < all) {
        const std::size_t count =
            std::min(all - line.certain, me.dice.magnitude(piece_bytes_max / 2));
        if (me.dice.one_in(3)) {
            co_await send_of_file(me, socket, line, count, path);
            continue;
        }
        const BytesView piece = pattern(line.first + line.certain, count);
        line.possible = line.certain + count;
        if (me.dice.one_in(8)) {
            // Nobody is told how much of it was sent.
            if (!co_await me.in_haste(sock_sendall(socket, piece))) break;
        } else {
            co_await sock_sendall(socket, piece);
        }
        line.certain = line.possible;
    }
    socket.shutdown(shut_wr);
}

Coro<void> hear(Player me, Socket& socket, const Line& line) {
    Arrival arrival(line.first);
    for (bool is_over = false; !is_over;) {
        const std::size_t count = me.dice.magnitude(piece_bytes_max / 2);
        if (me.dice.one_in(2)) {
            const auto some =
                co_await me.in_haste(sock_recv(socket, static_cast<std::ptrdiff_t>(count)));
            if (some) arrival.take(*some);
            is_over = some && some->empty();
        } else {
            Bytes buffer(count, '\0');
            const auto got = co_await me.in_haste(sock_recv_into(socket, std::span(buffer)));
            if (got) arrival.take(BytesView(buffer).substr(0, *got));
            is_over = got && *got == 0;
        }
        if (me.dice.one_in(50)) {
            const auto pause = me.dice.moment();
            co_await sleep(pause);
        }
    }
    me.expect(arrival.is_right(), "bytes were lost, doubled or changed");
    me.expect(arrival.bytes() >= line.certain, "bytes that were sent did not come");
    me.expect(arrival.bytes() <= line.possible, "more came than was sent");
}

Coro<void> talk(Player me, Socket socket, Line& mine, const Line& theirs, const std::string& path) {
    const auto both = [&](TaskGroup& group) {
        group.create_task(speak(me.another(), socket, mine, path));
        group.create_task(hear(me.another(), socket, theirs));
    };
    co_await TaskGroup::scope(both);
}

// Connects until it is: one who gives up for good comes again with another socket.
Coro<Socket> connected(Player& me, SocketAddress address) {
    for (;;) {
        Socket socket(address.family());
        socket.setblocking(false);
        while (!me.dice.one_in(8)) {
            if (co_await me.in_haste(sock_connect(socket, address))) co_return socket;
        }
    }
}

class SockStorm final : public Part {
public:
    SockStorm(Road road, std::string folder) : road_(road), path_(std::move(folder) + "/pattern") {}

    [[nodiscard]] std::string name() const override {
        return road_ == Road::tcp ? "sock, TCP" : "sock, Unix";
    }
    Coro<void> open(Player&) override {
        Bytes text;
        for (int i = 0; i < 3; ++i) text += pattern(text.size(), piece_bytes_max);
        co_await write_bytes(path_, text);
    }
    Coro<void> close(Player&) override { co_return; }

    Coro<void> round(Player& me) override {
        Socket listener(road_ == Road::tcp ? af_inet : af_unix);
        listener.setblocking(false);
        // An empty path lets the system choose a name.
        listener.bind(road_ == Road::tcp ? SocketAddress("127.0.0.1", 0)
                                         : SocketAddress::from_path(""));
        listener.listen();
        std::deque<Call> calls(1 + me.dice.up_to(2));
        for (Call& call : calls) {
            call.there.first = me.dice.up_to(60'000);
            call.back.first = me.dice.up_to(60'000);
        }
        const auto all = [&](TaskGroup& group) {
            const SocketAddress address = listener.getsockname();
            for (std::size_t i = 0; i < calls.size(); ++i) {
                group.create_task(call(me.another(), address, calls, i));
            }
            group.create_task(answer(me.another(), listener, calls, group));
        };
        co_await TaskGroup::scope(all);
    }

private:
    // Says first which call it is.
    Coro<void> call(Player me, SocketAddress address, std::deque<Call>& calls, std::size_t number) {
        Socket socket = co_await connected(me, address);
        const char name = static_cast<char>('a' + number);
        co_await sock_sendall(socket, {&name, 1});
        co_await talk(me.another(), std::move(socket), calls[number].there, calls[number].back,
                      path_);
    }

    Coro<void> answer(Player me, Socket& listener, std::deque<Call>& calls, TaskGroup& group) {
        for (std::size_t answered = 0; answered < calls.size();) {
            auto accepted = co_await me.in_haste(sock_accept(listener));
            if (!accepted) continue;
            Socket socket = std::move(accepted->first);
            const auto named = co_await as_result(sock_recv(socket, 1));
            if (!named || named->empty()) continue;  // it was given up
            ++answered;
            Call& call = calls.at(static_cast<std::size_t>(named->front() - 'a'));
            group.create_task(talk(me.another(), std::move(socket), call.back, call.there, path_));
        }
    }

    Road road_;
    std::string path_;
};

}  // namespace

std::shared_ptr<Part> sock_storm(Road road, const std::string& folder) {
    return std::make_shared<SockStorm>(road, folder);
}

}  // namespace weft::soak

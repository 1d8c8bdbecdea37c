// SPDX-License-Identifier: Apache-2.0
// A transport under a layer that is no protection at all: what streams make of any.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/standing_clock_test.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

// Passes text on in capitals; each "?" asks for an answer, "." ends, "!" is an error, and the
// handshake is over when a "^" comes. Between "(" and ")" what is sent is held.
class Shouting final : public SecurityLayer {
public:
    void start(BytesView) override { outgoing_ = "hello"; }
    void decrypt(BytesView from_peer, Bytes& text) override {
        for (const char c : from_peer) {
            if (c == '^') {
                established_ = true;
            } else if (c == '?') {
                outgoing_ += Bytes(1000, 'a');
            } else if (c == '(') {
                holds_ = true;
            } else if (c == ')') {
                holds_ = false;
                outgoing_ += std::exchange(held_, {});
            } else if (c == '.') {
                ended_ = true;
                return;
            } else if (c == '!') {
                outgoing_ = "alert";
                spent_ = true;
                throw OSError("the peer says !");
            } else {
                text += c;
            }
        }
    }
    void encrypt(BytesView text) override {
        if (spent_) throw OSError("used after its error");
        for (const char c : text) {
            (holds_ ? held_ : outgoing_) += static_cast<char>(std::toupper(c));
        }
    }
    void end() override { outgoing_ += "."; }
    void peer_is_gone() override {
        if (!ended_) throw OSError("the peer has said no .");
    }
    [[nodiscard]] bool is_established() const noexcept override { return established_; }
    [[nodiscard]] bool peer_has_ended() const noexcept override { return ended_; }
    [[nodiscard]] std::size_t held_bytes() const noexcept override { return held_.size(); }
    [[nodiscard]] Bytes& outgoing() noexcept override { return outgoing_; }

    [[nodiscard]] std::string version() const override { return "shouting"; }
    [[nodiscard]] std::string cipher() const override { return ""; }
    [[nodiscard]] std::optional<std::string> selected_alpn_protocol() const override {
        return std::nullopt;
    }
    [[nodiscard]] bool session_reused() const override { return false; }
    [[nodiscard]] std::string server_hostname() const override { return ""; }
    [[nodiscard]] Bytes getpeercert() const override { return {}; }

private:
    Bytes outgoing_;
    Bytes held_;
    bool holds_ = false;
    bool established_ = false;
    bool ended_ = false;
    bool spent_ = false;
};

class ShoutingSecurity final : public TransportSecurity {
public:
    [[nodiscard]] std::unique_ptr<SecurityLayer> client_layer(std::string_view) const override {
        return std::make_unique<Shouting>();
    }
    [[nodiscard]] std::unique_ptr<SecurityLayer> server_layer() const override {
        return std::make_unique<Shouting>();
    }
};

struct Ends {
    StreamPair shouting;
    StreamPair plain;
};

// The plain one answers the other's "hello" with so much.
Coro<Ends> ends(std::string answer = "^", Delay shutdown_timeout = ssl_shutdown_timeout_default,
                std::pair<Socket, Socket> sockets = tcp_pair()) {
    auto [ours, theirs] = std::move(sockets);
    StreamPair plain = co_await open_connection(std::move(theirs));
    plain.second.write(answer);
    StreamPair shouting =
        co_await open_connection(std::move(ours), {.ssl = std::make_shared<ShoutingSecurity>(),
                                                   .server_hostname = "x",
                                                   .ssl_shutdown_timeout = shutdown_timeout});
    EXPECT_EQ(co_await plain.first.readexactly(5), "hello");
    co_return Ends{std::move(shouting), std::move(plain)};
}

TEST(Protection, is_between_the_text_and_the_socket) {
    run_clean([]() -> Coro<void> {
        const Ends both = co_await ends("^with the handshake");
        const auto& [reader, writer] = both.shouting;
        EXPECT_EQ(writer.ssl_object()->version(), "shouting");
        EXPECT_EQ(co_await reader.readexactly(18), "with the handshake");
        writer.write("loud");
        EXPECT_EQ(co_await both.plain.first.readexactly(4), "LOUD");
        both.plain.second.write("soft");
        EXPECT_EQ(co_await reader.readexactly(4), "soft");
        writer.abort();
    }());
}

TEST(Protection, ends_with_the_error_of_its_layer_and_tells_the_peer) {
    run_clean([]() -> Coro<void> {
        const Ends both = co_await ends();
        both.plain.second.write("before!after");
        EXPECT_EQ(co_await both.shouting.first.readexactly(6), "before");
        EXPECT_EQ(co_await outcome(both.shouting.first.read()), "OSError: the peer says !");
        EXPECT_EQ(co_await outcome(both.shouting.second.wait_closed()), "OSError: the peer says !");
        EXPECT_EQ(co_await both.plain.first.read(), "alert");
    }());
}

// Goal:   what is written between the error and the transport's next turn does not hide the cause.
// Method: the reader wakes with the text before the error, and answers it.
TEST(Protection, ends_with_the_error_of_its_layer_although_somebody_writes_meanwhile) {
    run_clean([]() -> Coro<void> {
        const Ends both = co_await ends();
        const auto answer = [](const Ends& of) -> Coro<void> {
            co_await of.shouting.first.readexactly(3);
            of.shouting.second.write("answer");
        };
        const auto answering = create_task(answer(both));
        co_await testing::spin(3);
        both.plain.second.write("ask!");
        co_await answering;
        EXPECT_EQ(co_await outcome(both.shouting.first.read()), "OSError: the peer says !");
        EXPECT_EQ(co_await both.plain.first.read(), "alert");
    }());
}

TEST(Protection, needs_the_end_of_the_text) {
    run_clean([]() -> Coro<void> {
        const Ends both = co_await ends();
        both.plain.second.write("some");
        both.plain.second.close();
        EXPECT_EQ(co_await both.shouting.first.readexactly(4), "some");
        EXPECT_EQ(co_await outcome(both.shouting.first.read()), "OSError: the peer has said no .");
    }());
}

// A peer that asks for answers, and reads none, does not fill the memory.
TEST(Protection, ends_where_the_peer_only_wants_answers) {
    run_clean([]() -> Coro<void> {
        // Over TCP the system may keep many a question before they come, all at once.
        const Ends both = co_await ends("^", ssl_shutdown_timeout_default, Socket::socketpair());
        std::size_t most = 0;
        const StreamWriter& writer = both.shouting.second;
        for (int i = 0; i < 100'000 && !writer.is_closing(); ++i) {
            both.plain.second.write("?");
            co_await both.plain.second.drain();
            co_await testing::spin();
            most = std::max(most, writer.get_write_buffer_size());
        }
        EXPECT_TRUE(writer.is_closing());
        EXPECT_LT(most, 200'000U);
        EXPECT_EQ(co_await outcome(writer.wait_closed()),
                  "ConnectionAbortedError: the peer asks for answers, and reads none");
    }());
}

// An answer is no part of what there was to send, for which it has the whole time again.
TEST(Protection, that_is_closed_gives_a_peer_that_wants_answers_no_more_time) {
    const std::size_t before = open_descriptors();
    {
        using namespace std::chrono_literals;
        auto owned = std::make_unique<StandingClock>();
        StandingClock& clock = *owned;
        EventLoop loop(std::move(owned));
        loop.run_until_complete([](StandingClock& time) -> Coro<void> {
            const Ends both = co_await ends("^", 50ms);
            const auto& [reader, writer] = both.plain;
            both.shouting.second.close();
            const auto closed = create_task(both.shouting.second.wait_closed());
            EXPECT_EQ(co_await reader.readexactly(1), ".");
            int answers = 0;
            for (; answers < 100 && !closed.done(); ++answers) {
                time.advance(10ms);
                writer.write("?");
                if (!co_await as_result(reader.readexactly(1000))) break;
            }
            EXPECT_GT(answers, 3);
            EXPECT_LT(answers, 100);
            EXPECT_EQ(co_await testing::ended(closed), "TimeoutError: SSL shutdown timed out");
        }(clock));
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Protection, counts_text_that_is_held_as_unsent) {
    run_clean([]() -> Coro<void> {
        const Ends both = co_await ends();
        const StreamWriter& writer = both.shouting.second;
        both.plain.second.write("(y");
        EXPECT_EQ(co_await both.shouting.first.readexactly(1), "y");  // so the "(" has come
        const Bytes text(200'000, 'x');
        const auto writing = create_task(writer.write_all(text));
        co_await testing::spin(3);
        EXPECT_EQ(writer.get_write_buffer_size(), text.size());
        EXPECT_EQ(co_await outcome(wait_for(writer.drain(), std::chrono::milliseconds(5))),
                  "TimeoutError");
        EXPECT_FALSE(writing.done());
        both.plain.second.write(")");
        EXPECT_TRUE(co_await both.plain.first.readexactly(200'000) == Bytes(200'000, 'X'));
        EXPECT_TRUE((co_await writing).has_value());
        co_await writer.drain();
        EXPECT_FALSE(writer.is_closing());
        writer.abort();
    }());
}

TEST(Protection, lets_a_peer_that_reads_ask_for_as_many_answers_as_it_likes) {
    run_clean([]() -> Coro<void> {
        const Ends both = co_await ends();
        for (int i = 0; i < 200; ++i) {
            both.plain.second.write("?");
            EXPECT_EQ((co_await both.plain.first.readexactly(1000)).size(), 1000U);
        }
        EXPECT_FALSE(both.shouting.second.is_closing());
        both.shouting.second.abort();
    }());
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// What a WebSocket does with messages, and how it ends.
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/websocket_peer_test.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using wire::begin;
using wire::binary;
using wire::close_with;
using wire::closing;
using wire::ping;
using wire::pong;
using wire::rest;
using wire::text;
using wire::with_bits;

using Socket = ClientWebSocketResponse;

struct Point {
    int x = 0;
    std::vector<int> rest;
};

// ---- messages

TEST(WebSocket, has_the_example_of_its_header) {
    std::string heard;
    std::string used;
    const auto use = [&](const std::string& data) { used += data + "|"; };
    run_clean([](std::string& said, auto use) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            WSPeer server = co_await WSPeer::accept(client);
            said = co_await server.hear();
            server.send({text("one"), ping(), begin(binary("t")), pong(), rest("wo"),
                         close_with(1000, "bye")});
            said += co_await server.hear_all();
            said += "end";
        });
        ClientSession session;
        const std::string url = peer.url();
        auto ws = co_await session.ws_connect(url);
        co_await ws.send_str("hello");
        while (auto message = co_await ws.next()) use(message->data);
        co_await ws.close();
        EXPECT_TRUE(ws.closed());
        EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
        EXPECT_EQ(ws.exception(), nullptr);
        while (!said.ends_with("end")) co_await sleep(0s);
        co_await session.close();
        co_await peer.stop();
    }(heard, use));
    EXPECT_EQ(used, "one|two|");
    EXPECT_EQ(heard, "text{hello}pong{}close{1000}end");
}

TEST(WebSocket, sends_and_receives_each_type_of_message) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "text{\xc3\xa9}");
            EXPECT_EQ(co_await peer.hear(), std::string("binary{\0\xff}", 10));
            EXPECT_EQ(co_await peer.hear(), "text{{\"x\":1,\"rest\":[2,3]}}");
            EXPECT_EQ(co_await peer.hear(), "ping{a}");
            EXPECT_EQ(co_await peer.hear(), "pong{b}");
            peer.send({text("\xc3\xa9"), binary("\xff"), text(R"({"x":4,"rest":[5]})"), text("{"),
                       text("no bytes"), binary("no text")});
            EXPECT_EQ(co_await peer.hear_to_the_end(), "close{1000}");
        },
        [](Socket& ws) -> Coro<void> {
            co_await ws.send_str("\xc3\xa9");
            co_await ws.send_bytes({"\0\xff", 2});
            const Point sent{.x = 1, .rest = {2, 3}};
            co_await ws.send_json(sent);
            co_await ws.ping("a");
            co_await ws.pong("b");
            EXPECT_EQ(co_await ws.receive_str(), "\xc3\xa9");
            EXPECT_EQ(co_await ws.receive_bytes(), "\xff");
            const Point got = co_await ws.receive_json<Point>();
            EXPECT_EQ(got.x, 4);
            EXPECT_EQ(got.rest, (std::vector<int>{5}));
            EXPECT_TRUE((co_await error_of(ws.receive_json<Point>())).starts_with("json::"));
            EXPECT_EQ(co_await error_of(ws.receive_bytes()),
                      "WSMessageTypeError: bytes was to be received, not a text");
            EXPECT_EQ(co_await error_of(ws.receive_str()),
                      "WSMessageTypeError: a text was to be received, not bytes");
            EXPECT_TRUE(co_await ws.close());
            EXPECT_EQ(co_await error_of(ws.receive_str()),
                      "WSMessageTypeError: a text was to be received, not a close");
        });
}

TEST(WebSocket, refuses_what_cannot_be_sent_and_stays_open) {
    talk(end_politely, [](Socket& ws) -> Coro<void> {
        EXPECT_EQ(co_await error_of(ws.send_str("\xff")),
                  "ValueError: a text message is not UTF-8");
        const std::string long_one(126, 'x');
        EXPECT_TRUE((co_await error_of(ws.ping(long_one))).starts_with("ValueError: "));
        EXPECT_TRUE((co_await error_of(ws.pong(long_one))).starts_with("ValueError: "));
        EXPECT_TRUE((co_await error_of(ws.close(WSCloseCode::abnormal_closure)))
                        .starts_with("ValueError: "));
        EXPECT_TRUE(
            (co_await error_of(ws.close(WSCloseCode::ok, long_one))).starts_with("ValueError: "));
        EXPECT_FALSE(ws.closed());
        EXPECT_TRUE(co_await ws.close());
    });
}

TEST(WebSocket, shows_pings_and_pongs_without_autoping) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            peer.send({ping("a"), pong("b"), ping("c")});
            EXPECT_EQ(co_await peer.hear_to_the_end(), "close{1000}");
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_EQ(co_await ws.receive(), (WSMessage{.type = WSMsgType::ping, .data = "a"}));
            EXPECT_EQ(co_await ws.receive(), (WSMessage{.type = WSMsgType::pong, .data = "b"}));
            EXPECT_EQ((co_await ws.next())->data, "c");
            co_await ws.close();
        },
        {.autoping = false});
}

// Goal: frames of several tasks do not mix, also where the server takes them slowly.
TEST(WebSocket, sends_the_messages_of_several_tasks_whole) {
    constexpr std::size_t size = 1'000'000;
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            std::set<std::string> heard;
            for (int i = 0; i < 8; ++i) heard.insert(co_await peer.hear());
            std::set<std::string> sent;
            for (const char c : {'a', 'b', 'c', 'd'}) {
                sent.insert("text{" + std::string(size, c) + "}");
                sent.insert("binary{" + std::string(size, c) + "}");
            }
            EXPECT_TRUE(heard == sent);
            EXPECT_EQ(co_await peer.hear_to_the_end(), "close{1000}");
        },
        [](Socket& ws) -> Coro<void> {
            const auto send_two = [](Socket& to, char c) -> Coro<void> {
                const std::string data(size, c);
                co_await to.send_str(data);
                co_await to.send_bytes(data);
            };
            co_await TaskGroup::scope([&](TaskGroup& group) {
                for (const char c : {'a', 'b', 'c', 'd'}) group.create_task(send_two(ws, c));
            });
            co_await ws.close();
        });
}

TEST(WebSocket, is_received_from_by_one_task_at_a_time) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "text{go on}");
            peer.send({text("hello")});
            co_await peer.hear_to_the_end();
        },
        [](Socket& ws) -> Coro<void> {
            auto first = create_task(ws.receive_str());
            co_await sleep(0s);
            EXPECT_EQ(co_await error_of(ws.receive()),
                      "RuntimeError: another task receives from this WebSocket");
            co_await ws.send_str("go on");
            EXPECT_EQ(co_await first, "hello");
            co_await ws.close();
        });
}

TEST(WebSocket, may_be_moved_while_a_task_waits_for_it) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "text{go on}");
            peer.send({text("hello")});
            co_await peer.hear_to_the_end();
        },
        [](Socket& ws) -> Coro<void> {
            auto waits = create_task(ws.receive());
            co_await sleep(0s);
            Socket other = std::move(ws);
            co_await other.send_str("go on");
            EXPECT_EQ((co_await waits).data, "hello");
            co_await other.close();
            ws = std::move(other);
        });
}

// Goal:   neither a limit nor a cancellation loses a message, be it half received.
// Method: the server sends each half when it is told that there was an end to the waiting.
TEST(WebSocket, loses_no_message_with_a_limit_or_a_cancellation) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            const Bytes message = bytes_of({begin(text("hell")), rest("o")}, wire::WSRole::server);
            for (std::size_t cut = 0; cut <= message.size(); ++cut) {
                client.send(message.substr(0, cut));
                EXPECT_EQ(co_await peer.hear(), "text{more}");
                client.send(message.substr(cut));
            }
            co_await peer.hear_to_the_end();
        },
        [](Socket& ws) -> Coro<void> {
            constexpr std::size_t message_bytes = 9;
            for (std::size_t cut = 0; cut < message_bytes; ++cut) {
                if (cut % 2 == 0) {
                    EXPECT_EQ(co_await error_of(ws.receive(1ms)), "TimeoutError");
                } else {
                    const auto waits = create_task(ws.receive());
                    co_await sleep(1ms);
                    EXPECT_TRUE(waits.cancel());
                    while (!waits.done()) co_await sleep(0s);
                    EXPECT_TRUE(waits.cancelled());
                }
                co_await ws.send_str("more");
                EXPECT_EQ(co_await ws.receive_str(), "hello") << cut;
            }
            EXPECT_EQ(co_await ws.receive_str(), "hello") << "whole";
            co_await ws.send_str("more");
            co_await ws.close();
        });
}

TEST(WebSocket, has_a_limit_of_its_own_for_receiving) {
    talk(end_politely,
         [](Socket& ws) -> Coro<void> {
             EXPECT_EQ(co_await error_of(ws.receive()), "TimeoutError");
             EXPECT_FALSE(ws.closed());
             co_await ws.close();
         },
         {.timeout = {.ws_receive = 1ms}});
}

// ---- closes

TEST(WebSocket, closes_with_a_code_and_a_reason) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{4321 enough}");
            peer.send({text("dropped"), ping(), closing()});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_TRUE(co_await ws.close(static_cast<WSCloseCode>(4321), "enough"));
            EXPECT_TRUE(ws.closed());
            EXPECT_EQ(ws.close_code(), WSCloseCode::no_status_received);
            EXPECT_EQ(ws.exception(), nullptr);
            EXPECT_FALSE(co_await ws.close());
            EXPECT_EQ((co_await ws.receive()).type, WSMsgType::close);
            EXPECT_EQ(co_await ws.next(), std::nullopt);
            EXPECT_EQ(co_await error_of(ws.send_str("late")),
                      "ClientConnectionResetError: the WebSocket is closed");
        });
}

TEST(WebSocket, answers_the_close_of_the_server) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            peer.send({close_with(1012, "restart")});
            EXPECT_EQ(co_await peer.hear_all(), "close{1012}");
        },
        [](Socket& ws) -> Coro<void> {
            const WSMessage closed{.type = WSMsgType::close,
                                   .data = "restart",
                                   .close_code = WSCloseCode::service_restart};
            EXPECT_EQ(co_await ws.receive(), closed);
            EXPECT_TRUE(ws.closed());
            EXPECT_EQ(ws.close_code(), WSCloseCode::service_restart);
            EXPECT_EQ(co_await ws.receive(), closed);
            EXPECT_FALSE(co_await ws.close());
        });
}

TEST(WebSocket, leaves_the_answer_to_the_caller_without_autoclose) {
    for (const bool receives_again : {false, true}) {
        talk(
            [=](PeerConnection& client) -> Coro<void> {
                WSPeer peer = co_await WSPeer::accept(client);
                peer.send({close_with(1001)});
                EXPECT_EQ(co_await peer.hear(), "text{one more}");
                EXPECT_EQ(co_await peer.hear_all(), receives_again ? "close{1001}" : "close{1000}");
            },
            [=](Socket& ws) -> Coro<void> {
                EXPECT_EQ((co_await ws.receive()).close_code, WSCloseCode::going_away);
                EXPECT_FALSE(ws.closed());
                co_await ws.send_str("one more");
                if (receives_again) {
                    EXPECT_EQ((co_await ws.receive()).close_code, WSCloseCode::going_away);
                } else {
                    EXPECT_TRUE(co_await ws.close());
                }
                EXPECT_TRUE(ws.closed());
                EXPECT_EQ(ws.close_code(), WSCloseCode::going_away);
            },
            {.autoclose = false});
    }
}

TEST(WebSocket, waits_no_longer_than_its_limit_for_the_answer_to_a_close) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear_all(), "close{1000}");
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_TRUE(co_await ws.close());
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
            EXPECT_TRUE(holds<ServerTimeoutError>(ws.exception()));
            // It is closed, as was wanted.
            EXPECT_EQ((co_await ws.receive()).close_code, WSCloseCode::abnormal_closure);
        },
        {.timeout = {.ws_close = 1ms}});
}

TEST(WebSocket, is_closed_also_where_the_server_ends_instead_of_answering) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_TRUE(co_await ws.close());
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
            EXPECT_TRUE(holds<ServerDisconnectedError>(ws.exception()));
            EXPECT_EQ(co_await ws.next(), std::nullopt);
        });
}

// Goal: who receives gets what comes before the answer to a close, and then learns of the end.
TEST(WebSocket, is_closed_by_one_task_while_another_receives) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
            peer.send({text("a"), ping(), text("b"), close_with(1000)});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [](Socket& ws) -> Coro<void> {
            auto closes = create_task(ws.close());
            const auto receive_all = [](Socket& from) -> Coro<std::string> {
                std::string all;
                while (auto message = co_await from.next()) all += message->data;
                co_return all;
            };
            auto receives = create_task(receive_all(ws));
            // The first to come is the one that closes: nobody receives yet.
            EXPECT_EQ(co_await receives, "");
            EXPECT_TRUE(co_await closes);
        });
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
            peer.send({text("a"), ping(), close_with(1000)});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [](Socket& ws) -> Coro<void> {
            auto receives = create_task(ws.receive_str());
            co_await sleep(0s);
            auto closes = create_task(ws.close());
            auto closes_too = create_task(ws.close());
            EXPECT_EQ(co_await receives, "a");
            EXPECT_EQ(co_await ws.next(), std::nullopt);
            EXPECT_TRUE(co_await closes);
            EXPECT_FALSE(co_await closes_too);
            EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
        });
    // The receiver itself finds the answer.
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
            peer.send({ping(), close_with(1001)});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [](Socket& ws) -> Coro<void> {
            auto receives = create_task(ws.receive());
            co_await sleep(0s);
            EXPECT_TRUE(co_await ws.close());
            EXPECT_EQ((co_await receives).close_code, WSCloseCode::going_away);
        });
    // What is wrong then cannot be told any more.
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
            peer.send({with_bits(text("a"), 1)});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [](Socket& ws) -> Coro<void> {
            auto receives = create_task(ws.receive());
            co_await sleep(0s);
            EXPECT_TRUE(co_await ws.close());
            EXPECT_EQ((co_await receives).close_code, WSCloseCode::abnormal_closure);
            EXPECT_TRUE(holds<WebSocketError>(ws.exception()));
        });
}

// The task that closes goes on in the place of the one that received.
TEST(WebSocket, is_closed_though_the_task_that_receives_gives_up) {
    Event has_left;
    talk(
        [&](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
            co_await has_left.wait();
            peer.send({close_with(1000)});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [&](Socket& ws) -> Coro<void> {
            const auto receives = create_task(ws.receive());
            co_await sleep(0s);
            auto closes = create_task(ws.close());
            co_await sleep(0s);
            EXPECT_TRUE(receives.cancel());
            while (!receives.done()) co_await sleep(0s);
            has_left.set();
            EXPECT_TRUE(co_await closes);
            EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
        },
        {.timeout = {.ws_close = 5s}});
}

TEST(WebSocket, drops_the_connection_where_close_is_cancelled) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear_all(), "close{1000}");
        },
        [](Socket& ws) -> Coro<void> {
            const auto closes = create_task(ws.close());
            auto receives = create_task(ws.receive());
            co_await sleep(0s);
            EXPECT_TRUE(closes.cancel());
            EXPECT_EQ((co_await receives).close_code, WSCloseCode::abnormal_closure);
            EXPECT_TRUE(closes.cancelled());
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
        });
}

}  // namespace
}  // namespace weft::http

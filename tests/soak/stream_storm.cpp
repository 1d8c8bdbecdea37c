// SPDX-License-Identifier: Apache-2.0
// Streams in the storm, plain and under TLS: connections and handshakes that are given up, and
// conversations in which every wait may be.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "conversation.hpp"
#include "storm.hpp"
#include "storms.hpp"

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::soak {
namespace {

// Of the whole program: keys take a while to make.
const StreamSecurity& server_security() {
    static const StreamSecurity one = ssl::server_context();
    return one;
}
const StreamSecurity& client_security() {
    static const StreamSecurity one = ssl::client_context();
    return one;
}

Coro<void> close_server(Player& host, Server server) {
    server.close();
    while (!co_await host.in_haste(server.wait_closed())) {
    }
}

class StreamStorm final : public Part {
public:
    StreamStorm(Road road, bool is_protected, const std::string& folder)
        : road_(road),
          path_(folder + (is_protected ? "/tls" : "/plain")),
          server_security_(is_protected ? server_security() : nullptr),
          client_security_(is_protected ? client_security() : nullptr) {}

    [[nodiscard]] std::string name() const override {
        return std::string(client_security_ ? "TLS" : "streams") +
               (road_ == Road::tcp ? ", TCP" : ", Unix");
    }

    Coro<void> open(Player& host) override {
        const auto handler = [shared = std::make_shared<Player>(host.another())](
                                 StreamReader reader, StreamWriter writer) -> Coro<void> {
            co_await answer(shared->another(), std::move(reader), std::move(writer));
        };
        const StartServerOptions options{.limit = reader_limit, .ssl = server_security_};
        server_ = road_ == Road::tcp ? co_await start_server(handler, "127.0.0.1", 0, options)
                                     : co_await start_unix_server(handler, path_, options);
    }
    Coro<void> close(Player& host) override { co_await close_server(host, *server_); }

    Coro<void> round(Player& me) override {
        auto opened = co_await me.in_haste(connect());
        if (!opened) co_return;
        co_await converse(me, std::move(opened->first), std::move(opened->second));
    }

private:
    [[nodiscard]] Coro<StreamPair> connect() const {
        OpenConnectionOptions options{.limit = reader_limit, .ssl = client_security_};
        if (client_security_) options.server_hostname = "localhost";
        if (road_ == Road::tcp) {
            const int port = server_->sockets()[0].getsockname().port();
            co_return co_await open_connection("127.0.0.1", port, options);
        }
        co_return co_await open_unix_connection(path_, options);
    }

    Road road_;
    std::string path_;
    StreamSecurity server_security_;
    StreamSecurity client_security_;
    std::optional<Server> server_;
};

// The client's first line is whether the server keeps its patience.
class UpgradeStorm final : public Part {
public:
    [[nodiscard]] std::string name() const override { return "start_tls"; }

    Coro<void> open(Player& host) override {
        const auto handler = [shared = std::make_shared<Player>(host.another())](
                                 StreamReader reader, StreamWriter writer) -> Coro<void> {
            co_await upgrade_and_answer(shared->another(), std::move(reader), std::move(writer));
        };
        server_ = co_await start_server(handler, "127.0.0.1", 0, {.limit = reader_limit});
    }
    Coro<void> close(Player& host) override { co_await close_server(host, *server_); }

    Coro<void> round(Player& me) override {
        const int port = server_->sockets()[0].getsockname().port();
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", port, {.limit = reader_limit});
        const bool server_is_patient = me.dice.one_in(2);
        writer.write(server_is_patient ? "patient\n" : "hasty\n");
        const Bytes line = co_await read_line(me, reader);
        me.expect(line == "go\n", "the server said no go");
        // It lasts until the server has given up for good, or its end of the handshake is done.
        const auto upgrade_and_converse = [&]() -> Coro<void> {
            const StartTLSOptions options{.server_hostname = "localhost"};
            const bool is_protected =
                co_await me.in_haste(writer.start_tls(client_security(), options));
            if (!is_protected) co_return writer.abort();
            co_await converse(me, reader, writer);
        };
        if (server_is_patient) {
            co_await upgrade_and_converse();
        } else {
            const auto ended = co_await as_result(upgrade_and_converse());
            // The other one: the server was gone before.
            if (!ended && !holds<RuntimeError>(ended.error())) me.expect_os_error(ended.error());
        }
    }

private:
    static Coro<void> upgrade_and_answer(Player me, StreamReader reader, StreamWriter writer) {
        try {
            const Bytes patience = co_await read_line(me, reader);
            writer.write("go\n");
            const auto upgrade = [](StreamWriter to) -> Coro<void> {
                co_await to.start_tls(server_security());
            };
            if (patience == "patient\n") {
                co_await upgrade(writer);
            } else if (!co_await me.in_haste(upgrade(writer))) {
                co_return writer.abort();
            }
        } catch (const OSError&) {
            co_return;  // as in answer()
        }
        co_await answer(me.another(), std::move(reader), std::move(writer));
    }

    std::optional<Server> server_;
};

}  // namespace

std::shared_ptr<Part> stream_storm(Road road, bool is_protected, const std::string& folder) {
    return std::make_shared<StreamStorm>(road, is_protected, folder);
}

std::shared_ptr<Part> upgrade_storm() { return std::make_shared<UpgradeStorm>(); }

}  // namespace weft::soak

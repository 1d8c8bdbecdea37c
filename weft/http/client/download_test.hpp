// SPDX-License-Identifier: Apache-2.0
// weft/http/client/download_test.hpp - a folder, and a server that answers as a script says and knows what
// it was asked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/body/compressor.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/download.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {

inline const Bytes content = "0123456789abcdefghij";  // 20 bytes
inline const Bytes other = "ABCDEFGHIJ";

// What the server was asked, and what it answers, one after the other, over new connections.
class Server {
public:
    explicit Server(std::vector<Bytes> answers) : state_(std::make_shared<State>()) {
        state_->answers = std::move(answers);
    }
    [[nodiscard]] testing::PeerScript script() const {
        return [state = state_](PeerConnection& client) -> Coro<void> {
            const std::size_t number = state->asked.size();
            state->asked.push_back((co_await client.request()).head);
            client.send(number < state->answers.size() ? state->answers[number]
                                                       : "HTTP/1.1 410 Gone\r\n\r\n");
        };
    }
    [[nodiscard]] const std::vector<Bytes>& asked() const { return state_->asked; }
    /// The value of a header of the n-th request; "" where there was none.
    [[nodiscard]] Bytes said(std::size_t number, const Bytes& name) const {
        const Bytes& head = state_->asked.at(number);
        const std::size_t at = head.find("\r\n" + name + ": ");
        if (at == Bytes::npos) return {};
        const std::size_t begin = at + name.size() + 4;
        return head.substr(begin, head.find("\r\n", begin) - begin);
    }

private:
    struct State {
        std::vector<Bytes> answers;
        std::vector<Bytes> asked;
    };
    std::shared_ptr<State> state_;
};

// So much of a body of `size` bytes, and then the connection ends.
inline Bytes cut_off(const Bytes& part, std::size_t size,
                     const Bytes& headers = "ETag: \"v1\"\r\n") {
    return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(size) +
           "\r\n\r\n" + part;
}
inline Bytes whole(const Bytes& body, const Bytes& headers = "") {
    return cut_off(body, body.size(), headers);
}
inline Bytes part_of(const Bytes& body, std::size_t first, const Bytes& headers = "") {
    return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(first) + "-" +
           std::to_string(body.size() - 1) + "/" + std::to_string(body.size()) + "\r\n" + headers +
           "Content-Length: " + std::to_string(body.size() - first) + "\r\n\r\n" +
           body.substr(first);
}

inline Bytes gzipped(BytesView body) {
    Compressor compressor(ContentCoding::gzip);
    Bytes coded;
    compressor.compress(coded, body);
    compressor.finish(coded);
    return coded;
}

// One server, of which each call has the same URL.
struct Site {
    const ScriptedPeer& peer;
    ClientSession& session;
    std::string path;

    /// Returns: "206 from 9 in 2", which is status, where it was resumed, attempts; or the error.
    [[nodiscard]] Coro<std::string> fetch(DownloadOptions options = {},
                                          std::string target = "/file") const {
        auto fetching = download(session.get(peer.url(target)), path, std::move(options));
        const auto result = co_await as_result(std::move(fetching));
        if (result) {
            co_return std::to_string(result->status) + " from " +
                std::to_string(result->resumed_from) + " in " + std::to_string(result->attempts);
        }
        std::string text = weft::describe(result.error());
        if (text.starts_with("http::")) text.erase(0, 6);
        co_return text;
    }
};

class Downloads : public ::testing::Test {
public:
    Downloads() : folder_("/tmp/weft_download_test_" + std::to_string(::getpid())) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
    ~Downloads() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return folder_ / "file"; }
    [[nodiscard]] std::string part() const { return path() + ".part"; }
    [[nodiscard]] std::string note() const { return path() + ".part.json"; }
    [[nodiscard]] static Bytes read(const std::string& path) {
        std::ifstream file(path);
        EXPECT_TRUE(file) << path;
        return {std::istreambuf_iterator(file), {}};
    }
    static void write(const std::string& path, std::string_view text) {
        std::ofstream(path) << text;
    }
    /// The names in the folder.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            all.push_back(entry.path().filename());
        }
        std::ranges::sort(all);
        return all;
    }

    void with_site(const Server& server, SessionOptions options,
                   CoroFunction<Coro<void>(const Site&)> body) const {
        run_clean([](const Server& of, SessionOptions settings, std::string file,
                     CoroFunction<Coro<void>(const Site&)> test) -> Coro<void> {
            const auto peer = co_await ScriptedPeer::start(of.script());
            ClientSession session(std::move(settings));
            const Site site{.peer = peer, .session = session, .path = std::move(file)};
            co_await test(site);
            EXPECT_EQ(session.connector().in_use(), 0U);
            co_await session.close();
            co_await peer.stop();
        }(server, std::move(options), path(), std::move(body)));
    }
    /// One call with a server that gives these answers.
    [[nodiscard]] std::string fetch_from(const Server& server, SessionOptions session = {},
                                         DownloadOptions options = {}) const {
        std::string told;
        with_site(server, std::move(session),
                  [&](const Site& site) -> Coro<void> { told = co_await site.fetch(options); });
        return told;
    }

private:
    std::filesystem::path folder_;
};

using Names = std::vector<std::string>;
inline const Names only_the_file = {"file"};
inline const Names only_a_part = {"file.part", "file.part.json"};
inline const SessionOptions three_attempts{
    .retry = {.attempts = 3, .backoff = Nanoseconds::zero()}};

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/recording.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/mock_transport.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/json/read.hpp>
#include <weft/json/write.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

// A line of the file.
struct Recorded {
    std::string method;
    std::string url;
    std::string request_body;  // in base64, as the other one
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    [[nodiscard]] bool answers(const Recorded& asked) const {
        return method == asked.method && url == asked.url && request_body == asked.request_body;
    }
};

// Of the connection, of how the body was packed, or secret.
constexpr std::string_view not_recorded[] = {"Connection", "Content-Encoding",  "Content-Length",
                                             "Keep-Alive", "Transfer-Encoding", "Set-Cookie"};

// What is asked; nothing of the answer yet.
Recorded asked_by(const ClientRequest& request) {
    const Bytes* body = request.body.bytes();
    return {.method = std::string(request.method.name()),
            .url = request.url.to_string(),
            .request_body = b64encode(body ? *body : Bytes()),
            .headers = {},
            .body = {}};
}

MockResponse answer_in(const Recorded& recorded) {
    MockResponse response{.status = recorded.status, .headers = {}, .body = {}};
    for (const auto& [name, value] : recorded.headers) response.headers.add(name, value);
    response.body = b64decode(recorded.body).value();
    return response;
}

}  // namespace

struct Recording::State {
    struct Entry {
        Recorded recorded;
        bool is_played = false;
    };
    std::vector<Entry> entries;

    // The first that was not played, else the last.
    const Recorded* answer_to(const Recorded& asked) {
        Entry* found = nullptr;
        for (Entry& entry : entries) {
            if (!entry.recorded.answers(asked)) continue;
            found = &entry;
            if (!entry.is_played) break;
        }
        if (!found) return nullptr;
        found->is_played = true;
        return &found->recorded;
    }
};

Recording::Recording() : state_(std::make_shared<State>()) {}

std::size_t Recording::size() const noexcept { return state_->entries.size(); }

Bytes Recording::to_json_lines() const {
    Bytes text;
    for (const State::Entry& entry : state_->entries) {
        weft::json::dump(entry.recorded, text);
        text += '\n';
    }
    return text;
}

Recording Recording::from_json_lines(std::string_view text) {
    Recording recording;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.empty()) continue;
        const auto wrong = [&](const std::string& why) {
            return ValueError("line " + std::to_string(number) + " of a recording: " + why);
        };
        try {
            auto recorded = weft::json::loads<Recorded>(line);
            if (!b64decode(recorded.body)) throw ValueError("the body is not in base64");
            static_cast<void>(answer_in(recorded));
            recording.state_->entries.push_back({std::move(recorded)});
        } catch (const ValueError& error) {
            throw wrong(error.what());
        }
    }
    return recording;
}

Middleware Recording::recorder() const {
    const auto record = [state = state_](ClientRequest& request,
                                         const Next& next) -> Coro<ClientResponse> {
        const std::shared_ptr<State> kept = state;
        auto response = co_await next(request);
        if (!request.body.empty() && !request.body.bytes()) co_return response;
        Recorded recorded = asked_by(request);
        recorded.status = response.status();
        recorded.body = b64encode(co_await response.read());
        Headers headers = response.headers();
        for (const std::string_view name : not_recorded) headers.remove(name);
        for (const auto& [name, value] : headers) recorded.headers.emplace_back(name, value);
        kept->entries.push_back({std::move(recorded)});
        co_return response;
    };
    return record;
}

Middleware Recording::player() const {
    const auto play = [state = state_](ClientRequest& request,
                                       const Next&) -> Coro<ClientResponse> {
        const Recorded asked = asked_by(request);
        const Recorded* answer = state->answer_to(asked);
        if (!answer) {
            throw ClientConnectionError("there is no recorded response to " + asked.method + " " +
                                        request.url.human_repr());
        }
        co_return answer_in(*answer).to(request);
    };
    return play;
}

}  // namespace weft::http

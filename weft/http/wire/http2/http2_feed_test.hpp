// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/http2_feed_test.hpp - what a client makes of frames, as a text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/time.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_client.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/testing/http2_frames.hpp>

namespace weft::http::wire {

inline std::string text_of(const H2Event& event) {
    const std::string stream = std::to_string(event.stream);
    const auto head_of = [&](const char* what) {
        std::string out = stream + " " + what;
        if (event.head.status != 0 && event.type != H2EventType::trailers) {
            out += " " + std::to_string(event.head.status);
        }
        for (const auto& [name, value] : event.head.headers) {
            out.append(" ").append(name).append("=").append(value);
        }
        if (event.type == H2EventType::head && event.body_length) {
            out += " of " + std::to_string(*event.body_length);
        }
        return out;
    };
    switch (event.type) {
        case H2EventType::informational:
            return head_of("informational");
        case H2EventType::head:
            return head_of("head");
        case H2EventType::trailers:
            return head_of("trailers");
        case H2EventType::data:
            return stream + " data " + std::string(event.data);
        case H2EventType::end:
            return stream + " end";
        case H2EventType::wants_data:
            return stream + " wants data";
        case H2EventType::reset:
            return stream + " reset " + name_of(event.code) + (event.is_refused ? ", refused" : "");
        case H2EventType::failed:
            return stream + " failed: " + describe(*event.error);
        case H2EventType::settings:
            return "settings";
        case H2EventType::pong:
            return "pong";
        case H2EventType::goaway:
            return "goaway " + name_of(event.code);
    }
    return "?";
}

/// A client with requests under way. It is fed, and what it finds is written down.
class H2Listener {
public:
    explicit H2Listener(const H2Limits& limits = {})
        : client_(std::make_unique<H2Client>(limits)) {}

    H2StreamId request(const Method& method = Method::get, const Headers& headers = {},
                       bool ends = true) {
        const H2StreamId stream = client_->send_request({.method = method,
                                                         .scheme = "https",
                                                         .authority = "a.example",
                                                         .path = "/",
                                                         .headers = headers},
                                                        {.ends = ends});
        flush();
        return stream;
    }
    void requests(int count) {
        while (count-- > 0) request();
    }

    void feed(BytesView data, TimePoint now = TimePoint()) {
        receive(data, now);
        flush();
    }
    /// Sends nothing meanwhile: a stream that is reset here is gone once that was sent, and what
    /// still comes of it means something else then.
    void feed_in_pieces(BytesView data, std::size_t piece_bytes) {
        for (; !data.empty(); data.remove_prefix(std::min(piece_bytes, data.size()))) {
            // A copy of its own, so that a view that outlives what was fed is found.
            receive(Bytes(data.substr(0, piece_bytes)), TimePoint());
        }
        flush();
    }
    void receive(BytesView data, TimePoint now) {
        const auto taken = client_->receive_data(data, now);
        take_events();
        if (!taken && !error_) {
            error_ = taken.error();
            text_ += "! " + describe(*error_) + "|";
        }
    }
    /// Takes what the client sends.
    void flush() {
        client_->data_to_send(sent_, sent_.size() + 1'000'000);
        take_events();
    }

    /// The events, each with `|` behind it; pieces of a body in one.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::optional<H2Error>& error() const noexcept { return error_; }
    [[nodiscard]] H2Client& client() noexcept { return *client_; }
    /// What was sent since the last call, as frames without the preface.
    [[nodiscard]] std::vector<testing::h2::Frame> take_sent() {
        Bytes data = std::exchange(sent_, Bytes());
        if (data.starts_with(testing::h2_preface)) data.erase(0, testing::h2_preface.size());
        std::vector<testing::h2::Frame> frames;
        while (auto frame = testing::take_h2_frame(data)) frames.push_back(*std::move(frame));
        check(data.empty(), "half a frame was sent");
        return frames;
    }

private:
    void take_events() {
        while (const auto event = client_->next_event()) {
            if (event->type == H2EventType::data && data_of_ == event->stream) {
                text_.pop_back();
                text_.append(event->data).append("|");
                continue;
            }
            data_of_ = event->type == H2EventType::data ? event->stream : 0;
            text_ += text_of(*event) + "|";
        }
    }

    std::unique_ptr<H2Client> client_;
    std::string text_;
    H2StreamId data_of_ = 0;  // the stream whose data came last
    std::optional<H2Error> error_;
    Bytes sent_;
};

}  // namespace weft::http::wire

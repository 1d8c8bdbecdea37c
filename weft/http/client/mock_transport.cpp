// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/mock_transport.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/response_body.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/status.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

class MockBody final : public internal::ResponseBody {
public:
    MockBody(Bytes body, std::optional<std::size_t> cut_at)
        : size_(body.size()), cut_at_(cut_at), body_(std::move(body)) {
        if (cut_at_) body_.resize(std::min(*cut_at_, body_.size()));
    }

    Coro<Bytes> read_some() override {
        co_await transparent;
        if (body_.empty() && cut_at_) {
            throw ClientPayloadError(
                "the connection was lost before the body was complete: cut "
                "off by MockResponse::cut_at after " +
                std::to_string(*cut_at_) + " bytes");
        }
        co_return read_nowait();
    }
    Bytes read_nowait() override { return std::exchange(body_, Bytes()); }
    [[nodiscard]] bool is_over() const noexcept override { return body_.empty() && !cut_at_; }
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept override {
        return size_;
    }

private:
    std::uint64_t size_;
    std::optional<std::size_t> cut_at_;
    Bytes body_;
};

}  // namespace

ClientResponse MockResponse::to(const ClientRequest& request) const {
    wire::ResponseHead head{.version = http_1_1,
                            .status = status,
                            .reason = std::string(reason_phrase(status)),
                            .headers = headers};
    const bool has_body = request.method != Method::head && status != 204 && status != 304;
    if (request.cookie_jar) request.cookie_jar->update_cookies_from_headers(headers, request.url);
    return {request, std::move(head),
            std::make_unique<MockBody>(has_body ? body : Bytes(), cut_at)};
}

struct MockTransport::State {
    Handler handler;
    std::vector<ClientRequest> requests;
};

MockTransport::MockTransport(Handler handler)
    : state_(std::make_shared<State>(std::move(handler), std::vector<ClientRequest>())) {}

Coro<ClientResponse> MockTransport::operator()(ClientRequest& request, const Next&) const {
    co_await transparent;
    const std::shared_ptr<State> state = state_;
    ClientRequest& kept = state->requests.emplace_back(request);
    kept.middlewares = nullptr;  // this one is among them: it would keep itself
    kept.trace = nullptr;
    const MockResponse response = co_await state->handler(request);
    co_return response.to(request);
}

const std::vector<ClientRequest>& MockTransport::requests() const noexcept {
    return state_->requests;
}

}  // namespace weft::http

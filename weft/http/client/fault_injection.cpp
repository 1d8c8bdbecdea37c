// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/fault_injection.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/mock_transport.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {
namespace {

enum class Fault : std::uint8_t { none, refused, disconnected, busy, cut, late };

}  // namespace

class FaultInjection::State {
public:
    explicit State(Faults faults) : faults_(std::move(faults)), engine_(faults_.seed) {}

    [[nodiscard]] const Faults& faults() const noexcept { return faults_; }
    [[nodiscard]] Fault draw();
    /// From 0 to below `count`.
    [[nodiscard]] std::size_t below(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(engine_);
    }

private:
    Faults faults_;
    std::mt19937 engine_;
};

Fault FaultInjection::State::draw() {
    double left = std::uniform_real_distribution<double>(0, 1)(engine_);
    const std::pair<double, Fault> chances[] = {{faults_.refused, Fault::refused},
                                                {faults_.disconnected, Fault::disconnected},
                                                {faults_.busy, Fault::busy},
                                                {faults_.cut, Fault::cut},
                                                {faults_.late, Fault::late}};
    for (const auto& [chance, fault] : chances) {
        if (left < chance) return fault;
        left -= chance;
    }
    return Fault::none;
}

FaultInjection::FaultInjection(Faults faults) {
    double sum = 0;
    for (const double chance :
         {faults.refused, faults.disconnected, faults.busy, faults.cut, faults.late}) {
        if (!(chance >= 0)) throw ValueError("the chance of a fault is a number from 0 to 1");
        sum += chance;
    }
    if (sum > 1) throw ValueError("the chances of all faults are 1 at most, together");
    if (faults.statuses.empty()) throw ValueError("a fault needs one status at least");
    state_ = std::make_shared<State>(std::move(faults));
}

Coro<ClientResponse> FaultInjection::operator()(ClientRequest& request, const Next& next) const {
    co_await transparent;
    const std::shared_ptr<State> state = state_;
    switch (state->draw()) {
        case Fault::refused:
            throw ClientConnectorError(std::string(request.url.raw_host()),
                                       request.url.port().value_or(0), ECONNREFUSED,
                                       "a fault was injected");
        case Fault::disconnected: {
            auto response = co_await next(request);
            response.close();
            throw ServerDisconnectedError(
                "the server closed the connection without a response: a fault was injected");
        }
        case Fault::busy: {
            const auto& statuses = state->faults().statuses;
            const MockResponse busy{.status = statuses[state->below(statuses.size())]};
            co_return busy.to(request);
        }
        case Fault::cut: {
            auto response = co_await next(request);
            MockResponse cut{.status = response.status(), .headers = response.headers()};
            cut.body = co_await response.read();
            cut.cut_at = cut.body.empty() ? 0 : state->below(cut.body.size());
            for (const char* name : {"Content-Encoding", "Set-Cookie"}) cut.headers.remove(name);
            co_return cut.to(request);
        }
        case Fault::late:
            co_await sleep(state->faults().delay);
            break;
        case Fault::none:
            break;
    }
    co_return co_await next(request);
}

}  // namespace weft::http

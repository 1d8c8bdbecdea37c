// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/handshake.hpp>

#include <chrono>
#include <exception>
#include <string>

#include <weft/base/at_end.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/internal/transport_wait.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::internal {
namespace {

constexpr OpKind kind_of_handshake = DescriptorEventWait::kind_of("TLS handshake");

std::string in_seconds(Nanoseconds span) {
    std::string text = std::to_string(std::chrono::duration<double>(span).count());
    text.erase(text.find_last_not_of('0') + 1);
    return text.ends_with('.') ? text + "0" : text;
}

}  // namespace

void check_handshake_options(Delay handshake_timeout, Delay shutdown_timeout) {
    const auto check = [](const char* name, Delay limit) {
        if (limit.get() > Nanoseconds::zero()) return;
        throw ValueError(std::string(name) + " should be a positive number, got " +
                         in_seconds(limit.get()));
    };
    check("ssl_handshake_timeout", handshake_timeout);
    check("ssl_shutdown_timeout", shutdown_timeout);
}

Coro<void> handshake(Ref<StreamTransport> transport, Delay limit) {
    // Half a handshake is no stream for anybody.
    AtEnd abort([&] { transport->abort(); });
    Timeout deadline(limit);
    try {
        co_await with_async(deadline, [&]() -> Coro<void> {
            co_await TransportEvent<kind_of_handshake>{transport->established(),
                                                       transport->channel().fileno()};
        });
    } catch (const TimeoutError&) {
        throw ConnectionAbortedError("SSL handshake is taking longer than " +
                                     in_seconds(limit.get()) + " seconds: aborting the connection");
    }
    if (transport->is_lost()) {
        if (transport->error()) std::rethrow_exception(transport->error());
        throw ConnectionResetError("Connection lost during the TLS handshake");
    }
    abort.forget();
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/stream_writer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <initializer_list>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/handshake.hpp>
#include <weft/io/internal/socket_state.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/internal/transport_wait.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft {
namespace internal {

namespace {

constexpr OpKind kind_of_drain = DescriptorEventWait::kind_of("StreamWriter.drain");
constexpr OpKind kind_of_write_all = DescriptorEventWait::kind_of("StreamWriter.write_all");
constexpr OpKind kind_of_wait_closed = DescriptorEventWait::kind_of("StreamWriter.wait_closed");

// One of the transport's events.
template <const OpKind& what>
TransportEvent<what> wait_for(const StreamTransport& transport, Event& event) noexcept {
    return {event, transport.channel().fileno()};
}

// In another loop than its own nothing would wake the task.
void check_loop(const StreamTransport& transport) {
    if (!transport.is_lost() && &transport.loop() != &get_running_loop()) {
        throw RuntimeError("StreamWriter is bound to a different event loop");
    }
}

Coro<void> drain_transport(Ref<StreamTransport> transport) {
    co_await transparent;
    check_loop(*transport);
    if (const auto error = transport->reader().exception()) std::rethrow_exception(error);
    // A loss is told in a turn of its own, as in asyncio.
    if (transport->is_closing()) co_await sleep(std::chrono::seconds(0));
    if (transport->is_lost()) throw ConnectionResetError("Connection lost");
    co_await wait_for<kind_of_drain>(*transport, transport->may_write());
    if (transport->error()) std::rethrow_exception(transport->error());
}

std::error_code code_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& e) {
        if (e.code() != 0) return {e.code(), std::system_category()};
    } catch (...) {  // not the system's: reported as such below
    }
    return std::make_error_code(std::errc::protocol_error);
}

// Until the system has taken so many bytes of the connection's.
Coro<WriteResult> wait_until_sent(Ref<StreamTransport> transport, std::uint64_t end) {
    co_await transparent;
    check_loop(*transport);
    while (transport->sent_bytes() < end && !transport->is_lost()) {
        co_await wait_for<kind_of_write_all>(*transport, transport->sent_more());
    }
    if (transport->sent_bytes() >= end) co_return WriteResult();
    if (transport->error()) co_return std::unexpected(code_of(transport->error()));
    co_return std::unexpected(std::make_error_code(std::errc::connection_reset));
}

Coro<WriteResult> not_written(std::error_code why) { co_return std::unexpected(why); }

Coro<void> protect_transport(Ref<StreamTransport> transport, StreamSecurity security,
                             StartTLSOptions options) {
    check_handshake_options(options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
    if (!security) throw ValueError("start_tls() needs an SSLContext, not null");
    std::unique_ptr<SecurityLayer> layer =
        transport->was_accepted() ? security->server_layer()
                                  : security->client_layer(options.server_hostname.value_or(""));
    co_await drain_transport(transport);
    transport->protect(std::move(layer), options.ssl_shutdown_timeout.get());
    co_await handshake(transport, options.ssl_handshake_timeout);
}

Coro<void> wait_for_end(Ref<StreamTransport> transport) {
    co_await transparent;
    check_loop(*transport);
    co_await wait_for<kind_of_wait_closed>(*transport, transport->closed());
    if (transport->error()) std::rethrow_exception(transport->error());
}

}  // namespace
}  // namespace internal

StreamWriter::StreamWriter(const Ref<internal::StreamTransport>& transport) noexcept
    : end_(transport.get()) {}
StreamWriter::StreamWriter(const StreamWriter&) noexcept = default;
StreamWriter::StreamWriter(StreamWriter&&) noexcept = default;
StreamWriter& StreamWriter::operator=(StreamWriter other) noexcept {
    std::swap(end_, other.end_);
    return *this;
}
StreamWriter::~StreamWriter() = default;

internal::StreamTransport& StreamWriter::transport() const noexcept { return end_->transport(); }
internal::StreamTransport& StreamWriter::checked() const {
    transport().check_thread();
    return transport();
}

void StreamWriter::write(BytesView data) const { checked().write(data); }
void StreamWriter::writelines(std::initializer_list<BytesView> data) const {
    for (const BytesView piece : data) write(piece);
}
void StreamWriter::writelines(const std::vector<Bytes>& data) const {
    for (const Bytes& piece : data) write(piece);
}

Coro<void> StreamWriter::drain() const { return internal::drain_transport(Ref(&transport())); }
Coro<WriteResult> StreamWriter::write_all(BytesView data) const {
    internal::StreamTransport& to = checked();
    to.write(data);
    if (!to.is_closing()) {
        return internal::wait_until_sent(Ref(&to), to.sent_bytes() + to.unsent());
    }
    return internal::not_written(to.error() ? internal::code_of(to.error())
                                            : std::make_error_code(std::errc::connection_reset));
}
void StreamWriter::write_eof() const { checked().write_eof(); }
void StreamWriter::close() const { checked().close(); }
bool StreamWriter::can_write_eof() const noexcept { return !transport().is_protected(); }
bool StreamWriter::is_closing() const noexcept { return transport().is_closing(); }
Coro<void> StreamWriter::wait_closed() const { return internal::wait_for_end(Ref(&transport())); }
void StreamWriter::abort() const { checked().abort(); }

Coro<void> StreamWriter::start_tls(StreamSecurity sslcontext, StartTLSOptions options) const {
    return internal::protect_transport(Ref(&checked()), std::move(sslcontext), std::move(options));
}
const SSLObject* StreamWriter::ssl_object() const noexcept { return transport().ssl_object(); }

void StreamWriter::set_write_buffer_limits(WriteBufferLimits limits) const {
    const std::ptrdiff_t high = limits.high.value_or(limits.low ? 4 * *limits.low : 64 * 1024);
    const std::ptrdiff_t low = limits.low.value_or(high / 4);
    if (low < 0 || high < low) {
        throw ValueError("high (" + std::to_string(high) + ") must be >= low (" +
                         std::to_string(low) + ") must be >= 0");
    }
    transport().set_write_buffer_limits(static_cast<std::size_t>(high),
                                        static_cast<std::size_t>(low));
}
std::pair<std::size_t, std::size_t> StreamWriter::get_write_buffer_limits() const noexcept {
    return transport().write_buffer_limits();
}
std::size_t StreamWriter::get_write_buffer_size() const noexcept { return transport().unsent(); }

SocketAddress StreamWriter::peername() const { return transport().peer(); }
SocketAddress StreamWriter::sockname() const { return internal::own_address_of(fileno()); }
int StreamWriter::fileno() const noexcept { return transport().channel().fileno(); }

}  // namespace weft

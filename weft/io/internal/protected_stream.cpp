// SPDX-License-Identifier: Apache-2.0
// A StreamTransport under a SecurityLayer.
#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/protection.hpp>
#include <weft/io/internal/spare_bytes.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/transport_security.hpp>

namespace weft::internal {
namespace {

// What the protocol may have to say to a peer that reads nothing: some peers ask for nothing else.
constexpr std::size_t answered_bytes_max = 64 * 1024;

}  // namespace

void StreamTransport::protect(std::unique_ptr<SecurityLayer> layer, Nanoseconds shutdown_timeout) {
    if (protection_) throw RuntimeError("the " + describe() + " is protected already");
    if (closing_ || wrote_eof_ || received_eof_) {
        throw RuntimeError("the " + describe() + " has ended, or is about to");
    }
    protection_ = std::make_unique<Protection>(std::move(layer), shutdown_timeout);
    Bytes received = reader_.take_buffered();
    try {
        protection_->layer->start(received);
        protection_->received = std::move(received);
    } catch (...) {
        end(std::current_exception());
        throw;
    }
    settle_soon();
}

const SSLObject* StreamTransport::ssl_object() const noexcept {
    return protection_ && protection_->layer->is_established() ? protection_->layer.get() : nullptr;
}

bool StreamTransport::awaits_end_of_text() const noexcept {
    return protection_ && !received_eof_ && protection_->layer->is_established();
}

// Called while the backend may not be asked for anything.
void StreamTransport::take_protected(BytesView data) {
    const SecurityLayer& layer = *protection_->layer;
    if (layer.is_established() && protection_->received.empty()) {
        decrypt(data);
        if (!received_eof_ && protection_->layer->outgoing().empty()) return;
    } else {
        protection_->received += data;
    }
    settle_soon();
}

void StreamTransport::decrypt(BytesView data) {
    SecurityLayer& layer = *protection_->layer;
    if (protection_->error || layer.peer_has_ended()) return;
    const std::size_t held = layer.held_bytes();
    // Text that nobody reads; and that of the handshake, which may call functions of the user's: they
    // may use the reader.
    Bytes apart;
    try {
        if (layer.is_established() && is_read() && !reader_.has_eof()) {
            reader_.feed_by([&](Bytes& text) { layer.decrypt(data, text); });
        } else {
            layer.decrypt(data, apart);
        }
    } catch (const OSError&) {
        protection_->error = std::current_exception();
        received_eof_ = true;
    }
    if (is_read() && !apart.empty()) reader_.feed_data(apart);
    if (layer.held_bytes() < held) protection_->released_text = true;
    if (layer.peer_has_ended()) {
        received_eof_ = true;
        if (is_read()) reader_.feed_eof();
    }
}

void StreamTransport::encrypt(BytesView text) {
    SecurityLayer& layer = *protection_->layer;
    if (!layer.is_established()) {
        throw RuntimeError("Cannot call write() during the TLS handshake");
    }
    if (protection_->error) return;  // it is about to end
    if (layer.outgoing().empty()) lend_spare(layer.outgoing());
    try {
        layer.encrypt(text);
    } catch (const std::bad_alloc&) {
        end(std::current_exception());  // a stream with a hole in it is none
        throw;
    } catch (const OSError&) {
        return end(std::current_exception());
    }
    if (!layer.outgoing().empty()) send(layer.outgoing());
    take_back_spare(layer.outgoing());
    if (layer.held_bytes() > 0) update_events();
}

// What came before the end of the handshake, and what decrypt() found.
void StreamTransport::settle_protection() noexcept {
    SecurityLayer& layer = *protection_->layer;
    try {
        const Bytes received = std::exchange(protection_->received, {});
        if (!received.empty()) decrypt(received);
        // Once this side has closed, a peer that leaves has answered.
        if (protection_->socket_has_ended && !closing_ && !protection_->error) layer.peer_is_gone();
    } catch (...) {
        protection_->error = std::current_exception();
    }
    if (ending_) return;
    if (protection_->error) {
        // The peer is told why, where there is room.
        if (unsent() == 0) static_cast<void>(channel_.send(layer.outgoing()));
        return end(protection_->error);
    }
    // It has got all and has nothing more to say, in whatever way.
    if (failure_ == ECONNRESET && closing_ && unsent() == 0) return end(nullptr);
    answer();
    if (layer.is_established()) protection_->established.set();
    // As in asyncio the end is for both directions: what is written from now on is dropped.
    if (layer.peer_has_ended()) close();
}

// Sends what the protocol itself has to say, and text that was held.
void StreamTransport::answer() noexcept {
    Bytes& outgoing = protection_->layer->outgoing();
    const bool has_text = std::exchange(protection_->released_text, false);
    if (buffered() == 0) {
        protection_->answered_bytes = 0;
    } else if (!has_text) {
        protection_->answered_bytes += outgoing.size();
    }
    if (outgoing.empty()) return;
    if (protection_->answered_bytes > answered_bytes_max) {
        return end(std::make_exception_ptr(
            ConnectionAbortedError("the peer asks for answers, and reads none")));
    }
    try {
        send(outgoing);
        take_back_spare(outgoing);
    } catch (const std::bad_alloc&) {  // with which it has ended
    }
}

// Tells the peer that it gets no more, and waits for its answer.
void StreamTransport::end_text() noexcept {
    SecurityLayer& layer = *protection_->layer;
    try {
        layer.end();
        if (!layer.outgoing().empty()) send(layer.outgoing());
        take_back_spare(layer.outgoing());
        protection_->sent_when_closed = sent_bytes_ + unsent();
        if (awaits_end_of_text() || unsent() > 0) limit_shutdown();
    } catch (...) {
        end(std::current_exception());
    }
}

// A peer that takes neither what is sent nor leave does not keep the connection for ever. One that
// is slow has the whole time again with each step.
void StreamTransport::limit_shutdown() {
    protection_->shutdown =
        loop_.call_later(protection_->shutdown_timeout, [this, sent_before = sent_bytes_] {
            const bool had_more = sent_before < protection_->sent_when_closed;
            if (had_more && sent_bytes_ > sent_before) return limit_shutdown();
            end(std::make_exception_ptr(TimeoutError("SSL shutdown timed out")));
        });
}

}  // namespace weft::internal

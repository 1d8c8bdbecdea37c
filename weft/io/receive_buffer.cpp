// SPDX-License-Identifier: Apache-2.0
#include <weft/io/receive_buffer.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft::internal {
namespace {

// A stream that waits for its peer keeps no more memory than this for the next bytes.
constexpr std::size_t idle_bytes_max = 1024;

}  // namespace

void ReceiveBuffer::prepare_to_feed() {
    if (eof_) throw RuntimeError("feed_data() after feed_eof()");
    if (begin_ > size()) {  // more was read than is left: each byte is moved once at most
        bytes_.erase(0, begin_);
        begin_ = 0;
    }
}

void ReceiveBuffer::feed(BytesView data) {
    prepare_to_feed();
    if (data.empty()) return;
    bytes_.append(data);
    was_fed();
}

void ReceiveBuffer::feed_whole(Bytes data) {
    if (eof_ || size() > 0 || data.empty()) return feed(data);
    bytes_ = std::move(data);
    begin_ = 0;
    was_fed();
}

void ReceiveBuffer::was_fed_since(std::size_t end) noexcept {
    if (bytes_.size() > end) return was_fed();
    if (end == 0) Bytes().swap(bytes_);  // it may have made room
}

void ReceiveBuffer::was_fed() noexcept {
    wake();
    if (transport_ && !paused_ && size() > 2 * limit_) {
        paused_ = true;
        transport_->pause_reading();
    }
}

void ReceiveBuffer::feed_eof() {
    eof_ = true;
    wake();
}

void ReceiveBuffer::fail(std::exception_ptr error) {
    error_ = std::move(error);
    wake();
}

Bytes ReceiveBuffer::take(std::size_t count) {
    Bytes taken;
    if (count == size() && begin_ == 0) {
        taken = std::exchange(bytes_, {});
        position_ += count;
        resume_below(limit_);
    } else {
        taken = view().substr(0, count);
        drop(count);
    }
    return taken;
}

void ReceiveBuffer::drop(std::size_t count) noexcept {
    begin_ += count;
    position_ += count;
    if (size() == 0) {
        bytes_.clear();
        begin_ = 0;
        // An assignment would keep the memory.
        if (bytes_.capacity() > idle_bytes_max) Bytes().swap(bytes_);
    }
    resume_below(limit_);
}

void ReceiveBuffer::resume_below(std::size_t limit) noexcept {
    if (!paused_ || size() > limit) return;
    paused_ = false;
    if (transport_) transport_->resume_reading();
}

void ReceiveBuffer::wake() noexcept {
    if (waiter_.empty() || waiter_.front().done()) return;
    waiter_.front().give();
}

constexpr OpKind ReceiveWait::kind_of(const char* name) noexcept {
    return {name, OpDetail::descriptor, offsetof(ReceiveWait, descriptor_)};
}
constinit const OpKind ReceiveWait::read = kind_of("StreamReader.read");
constinit const OpKind ReceiveWait::readexactly = kind_of("StreamReader.readexactly");
constinit const OpKind ReceiveWait::readline = kind_of("StreamReader.readline");
constinit const OpKind ReceiveWait::readuntil = kind_of("StreamReader.readuntil");

bool ReceiveWait::await_ready() const noexcept {
    if (!buffer_.transport_ || buffer_.size() > 0 || !buffer_.waiter_.empty()) return false;
    buffer_.transport_->receive_at_once();
    return buffer_.size() > 0 || buffer_.eof();
}

void ReceiveWait::start(PromiseBase& frame) {
    if (!buffer_.waiter_.empty()) {
        const std::string_view name = reader_.name;
        throw RuntimeError(
            std::string(name.substr(name.rfind('.') + 1)) +
            "() called while another coroutine is already waiting for incoming data");
    }
    buffer_.loop_.bind(frame.task->loop(), "StreamReader");
    // It waits for more than the limit: a transport that is paused would never bring that.
    buffer_.resume_below(std::numeric_limits<std::size_t>::max());
    buffer_.waiter_.push_back(*this);
    descriptor_ = buffer_.transport_ ? buffer_.transport_->fileno() : -1;
    suspend(frame, reader_);
}

}  // namespace weft::internal

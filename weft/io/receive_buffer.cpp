// SPDX-License-Identifier: Apache-2.0
#include <weft/io/receive_buffer.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft::internal {
namespace {

// What few bytes lie in. A stream that waits for its peer has none: it takes one when something
// comes, and gives it back when that was read. So idle streams cost nothing, and busy ones do not
// go to malloc for each message.
class SmallBuffers {
public:
    static constexpr std::size_t bytes_each = 2048;

    ~SmallBuffers() { are_gone = true; }

    static Bytes take() {
        Bytes buffer;
        if (are_gone || kept.spare_.empty()) {
            buffer.reserve(bytes_each);
        } else {
            buffer = std::move(kept.spare_.back());
            kept.spare_.pop_back();
        }
        return buffer;
    }
    static void give_back(Bytes buffer) noexcept {
        if (are_gone || kept.spare_.size() == kept_max) return;
        buffer.clear();
        try {
            kept.spare_.push_back(std::move(buffer));
        } catch (const std::bad_alloc&) {  // then it is freed
        }
    }

private:
#if __has_feature(address_sanitizer)
    static constexpr std::size_t kept_max = 0;  // it would hide a use after free
#else
    static constexpr std::size_t kept_max = 256;  // for each thread
#endif
    static thread_local SmallBuffers kept;
    static thread_local constinit bool are_gone;  // the thread ends
    std::vector<Bytes> spare_;
};
thread_local SmallBuffers SmallBuffers::kept;
thread_local constinit bool SmallBuffers::are_gone = false;

}  // namespace

ReceiveBuffer::~ReceiveBuffer() { empty(); }

// Nothing is left in it.
void ReceiveBuffer::empty() noexcept {
    begin_ = 0;
    if (is_small_) {
        SmallBuffers::give_back(std::move(bytes_));
        is_small_ = false;
    }
    bytes_ = Bytes();
}

void ReceiveBuffer::feed(BytesView data) {
    if (eof_) throw RuntimeError("feed_data() after feed_eof()");
    if (data.empty()) return;
    if (begin_ > size()) {  // more was read than is left: each byte is moved once at most
        bytes_.erase(0, begin_);
        begin_ = 0;
    }
    if (size() == 0 && data.size() <= SmallBuffers::bytes_each) {
        bytes_ = SmallBuffers::take();
        is_small_ = true;
    } else if (is_small_ && bytes_.size() + data.size() > SmallBuffers::bytes_each) {
        Bytes larger;
        larger.reserve(size() + data.size());
        larger = view();
        empty();
        bytes_ = std::move(larger);
    }
    bytes_.append(data);
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
    if (count == size() && begin_ == 0 && !is_small_) {
        Bytes all = std::exchange(bytes_, {});
        position_ += count;
        resume_below(limit_);
        return all;
    }
    Bytes part(view().substr(0, count));
    drop(count);
    return part;
}

void ReceiveBuffer::drop(std::size_t count) noexcept {
    begin_ += count;
    position_ += count;
    if (size() == 0) empty();
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
    suspend(frame, reader_);
}

}  // namespace weft::internal

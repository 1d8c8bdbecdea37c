// SPDX-License-Identifier: Apache-2.0
// weft/runtime/future_state.hpp - the shared state behind Future and Task.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>

#include <weft/base/inline.hpp>
#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/debug_mode.hpp>
#include <weft/runtime/extras.hpp>
#include <weft/runtime/frame_allocator.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/result.hpp>

namespace weft {
class EventLoop;
namespace internal {

class FutureBase;

[[nodiscard]] inline FailurePtr copy_failure(const ResultBase& result) {
    return result.failure() ? std::make_unique<Failure>(*result.failure()) : nullptr;
}

/// Something to do once a future is done. fire() runs inside the call that ended the future, so
/// it only queues; the node is unlinked by then.
class DoneLink : public ListNode {
public:
    virtual void fire(FutureBase& future) noexcept = 0;
    /// The loop was closed or the future destroyed before it was done.
    virtual void drop() noexcept {}

protected:
    ~DoneLink() = default;
};

enum class FutureKind : std::uint8_t {
    future,
    join,  // a JoinBase: other futures decide it
    task,
    member,  // a task that the TaskGroup of its parent waits for
};

class FutureBase : public FrameAllocated {
public:
    FutureBase(EventLoop& loop, ResultBase& result, FutureKind kind = FutureKind::future) noexcept
        : loop_(&loop), result_(&result), kind_(kind) {}
    FutureBase(const FutureBase&) = delete;
    FutureBase& operator=(const FutureBase&) = delete;

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) destroy();
    }
    [[nodiscard]] std::uint32_t owners() const noexcept { return owners_; }

    [[nodiscard]] EventLoop& loop() const noexcept { return *loop_; }
    [[nodiscard]] bool done() const noexcept { return result_->outcome != Outcome::pending; }
    [[nodiscard]] bool cancelled() const noexcept { return result_->outcome == Outcome::cancelled; }
    [[nodiscard]] ResultBase& result() const noexcept { return *result_; }
    template <class T>
    [[nodiscard]] Result<T>& result_as() const noexcept {
        return static_cast<Result<T>&>(*result_);
    }

    /// Future.cancel(): false when it is done already.
    /// Errors: see AnyFuture::cancel.
    virtual bool cancel(const std::string* message);

    void set_error(std::exception_ptr error);
    void set_failure(FailurePtr failure);
    /// Ends it; the callbacks go to the ready queue.
    void mark_done() noexcept {
        const Ref keep(this);  // a link may hold the last handle
        fire_links();
    }
    void check_pending() const {
        if (done()) [[unlikely]]
            throw_done_already();
    }
    /// The result of a task is its coroutine's to set.
    void check_can_set() const {
        if (done() || is_task()) [[unlikely]]
            throw_cannot_set();
        check_thread();
    }
    /// Before a change that will wake others.
    /// Errors: RuntimeError in debug mode, when the loop runs in another thread.
    void check_thread() const {
        if (debug_mode_seen.load(std::memory_order_relaxed) && has_links()) [[unlikely]]
            internal::check_thread(*loop_);
    }

    void add(DoneLink& link) noexcept { links_.push_back(link); }
    /// It will never be done: those that wait for it are told, and may hold it no longer.
    void drop_links() noexcept;
    /// Calls `visit` with each link, which may unlink itself.
    template <class F>
    void for_each_link(F visit) {
        List<DoneLink> all;
        all.splice_back(links_);
        while (DoneLink* link = all.pop_front()) {
            links_.push_back(*link);
            visit(*link);
        }
    }

    /// Throws unless the result may be read: pending, cancelled or failed.
    void check_readable();
    /// The error, null for a result; throws for pending and cancelled.
    std::exception_ptr error();
    void mark_retrieved() noexcept { report_error_ = false; }
    [[nodiscard]] const AwaitChain* error_chain() const noexcept {
        return result_->failure() ? &result_->failure()->chain : nullptr;
    }
    [[nodiscard]] const std::string* cancel_message() const noexcept;
    void set_cancel_message(const std::string* message);

    /// "Future" or "Task 'name'", for messages.
    [[nodiscard]] virtual std::string describe() const;
    [[nodiscard]] FutureKind future_kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_task() const noexcept { return kind_ >= FutureKind::task; }
    /// Every error that nobody asks for is reported, unless this was called.
    void silence() noexcept { report_error_ = false; }

    std::source_location made_at;

protected:
    virtual ~FutureBase() {
        if (has_links()) [[unlikely]]
            drop_links();
    }
    [[noreturn]] void throw_done_already() const;
    [[noreturn]] void throw_cannot_set() const;
    // What few futures and tasks have; made when first needed.
    [[nodiscard]] Extras& extras();
    [[nodiscard]] Extras* extras_if_any() const noexcept { return extras_.get(); }
    [[nodiscard]] bool has_links() const noexcept { return !links_.empty(); }
    /// mark_done() for who holds a handle.
    void fire_links() noexcept {
        while (DoneLink* link = links_.pop_front()) link->fire(*this);
    }
    void set_kind(FutureKind kind) noexcept { kind_ = kind; }

private:
    friend struct DebugOffsets;
    void destroy() noexcept;
    void report_unretrieved() noexcept;

    EventLoop* loop_;
    ResultBase* result_;
    List<DoneLink> links_;
    std::unique_ptr<Extras> extras_;
    std::uint32_t owners_ = 0;
    bool report_error_ = true;
    FutureKind kind_;

protected:
    // A TaskBase's, which has no room for it: requests to cancel it that are to be raised at the next
    // suspension.
    std::uint16_t undelivered_ = 0;
};

template <class T>
class FutureState final : public FutureBase {
public:
    explicit FutureState(EventLoop& loop) noexcept : FutureBase(loop, value_) {}

private:
    Result<T> value_;
};

/// A future that ends because others do: gather(), wait(), shield(). For introspection it says
/// which ones: pointers to them lie `stride` bytes apart.
class JoinBase : public FutureBase {
public:
    JoinBase(EventLoop& loop, ResultBase& result, const char* label) noexcept
        : FutureBase(loop, result, FutureKind::join), label_(label) {}

    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] const char* label() const noexcept { return label_; }
    /// `owned`: what is pointed to is alive, or the pointer is null.
    void set_members(const void* first, std::size_t count, std::size_t stride,
                     bool owned) noexcept {
        members_ = static_cast<const std::byte*>(first);
        member_count_ = static_cast<std::uint32_t>(count);
        member_stride_ = static_cast<std::uint32_t>(stride);
        owned_ = owned;
    }
    void forget_members() noexcept { member_count_ = 0; }
    [[nodiscard]] std::size_t member_count() const noexcept { return member_count_; }
    [[nodiscard]] const FutureBase* member(std::size_t index) const noexcept;
    /// Whether members may be looked into; else only their addresses may be compared.
    [[nodiscard]] bool owns_members() const noexcept { return owned_; }

private:
    friend struct DebugOffsets;
    const char* label_;
    const std::byte* members_ = nullptr;
    std::uint32_t member_count_ = 0;
    std::uint32_t member_stride_ = 0;
    bool owned_ = false;
};

template <class T>
class JoinState final : public JoinBase {
public:
    JoinState(EventLoop& loop, const char* label) noexcept : JoinBase(loop, value_, label) {}
    void set_only_member(const FutureBase& member) noexcept {
        only_ = &member;
        set_members(&only_, 1, sizeof only_, false);
    }

private:
    const FutureBase* only_ = nullptr;
    Result<T> value_;
};

/// co_await of a future, from any handle to it.
class FutureWait : public Op, private DoneLink {
public:
    explicit FutureWait(Ref<FutureBase> future) noexcept : future_(std::move(future)) {}

    CancelAck cancel() override;

    [[nodiscard]] bool await_ready() const noexcept { return future_->done(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }

    [[nodiscard]] FutureBase& future() const noexcept { return *future_; }
    /// For as_result(): the error, if that is the outcome; so is the CancelledError of a future
    /// that was cancelled by somebody else than who waits here.
    [[nodiscard]] std::exception_ptr take_error();
    bool take_error_into(ResultBase& slot) override;

protected:
    ~FutureWait() = default;
    WEFT_ALWAYS_INLINE void check_outcome() {
        if (outcome == Outcome::cancelled || future_->result().outcome != Outcome::value)
            [[unlikely]] {
            std::rethrow_exception(exception());
        }
    }

private:
    friend struct DebugOffsets;
    static const OpKind kind_of_wait;
    void start(PromiseBase& frame);
    void fire(FutureBase& future) noexcept override;
    [[nodiscard]] std::exception_ptr exception();
    void drop_outcome() noexcept;

    Ref<FutureBase> future_;
    bool cancelled_here_ = false;  // by the cancellation of the awaiting task
};

}  // namespace internal
}  // namespace weft

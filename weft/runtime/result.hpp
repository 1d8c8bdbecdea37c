// SPDX-License-Identifier: Apache-2.0
// weft/runtime/result.hpp - how the outcome of a coroutine or future travels: as a value.
//
// A result slot lives with whoever waits: in the awaiting frame, or in the task. The callee writes
// its outcome straight into it. Errors and cancellations pass from slot to slot and become a C++
// exception only in a frame that could catch one.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <weft/base/await_chain.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {

namespace internal {

enum class Outcome : unsigned char { pending, value, error, cancelled };

/// An error on its way: the exception and the awaits that it passed.
struct Failure {
    std::exception_ptr error;
    AwaitChain chain;

    /// Without memory for it, the error goes on with a shorter chain.
    void passed(std::source_location where) noexcept try {
        chain.push_back(where);
    } catch (const std::bad_alloc&) {
    }

    /// Out of memory, some are left to say so.
    static void* operator new(std::size_t bytes);
    static void operator delete(void* memory) noexcept;
};
using FailurePtr = std::unique_ptr<Failure>;

class ResultBase {
public:
    ResultBase() = default;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    ResultBase(const ResultBase&) = delete;
    ResultBase& operator=(const ResultBase&) = delete;

    /// How it ended, once it did; null for a value, and for a cancellation of which there is no
    /// CancelledError object yet.
    [[nodiscard]] Failure* failure() const noexcept {
        return outcome >= Outcome::error ? failure_ : nullptr;
    }
    [[nodiscard]] FailurePtr take_failure() noexcept {
        return FailurePtr(outcome >= Outcome::error ? std::exchange(failure_, nullptr) : nullptr);
    }

    /// Nothing may be in the slot.
    void set_failure(FailurePtr failure) noexcept { end_with(Outcome::error, std::move(failure)); }
    void set_error(std::exception_ptr error) {
        set_failure(std::make_unique<Failure>(Failure{std::move(error), {}}));
    }
    void set_cancelled(FailurePtr with = nullptr) noexcept {
        end_with(Outcome::cancelled, std::move(with));
    }
    ResultBase& for_child(bool deliver_errors) noexcept {
        deliver = deliver_errors;
        return *this;
    }
    /// Takes what is being thrown, an error or a cancellation.
    void set_thrown(std::source_location where) noexcept;
    /// Takes over another slot's error or cancellation.
    void set_abnormal_from(ResultBase& other) noexcept {
        end_with(other.outcome, other.take_failure());
    }
    /// Ends without a value and without what was in it, for those that give none.
    void set_nothing() noexcept {
        static_cast<void>(take_failure());
        outcome = Outcome::value;
    }
    /// The error came through the `co_await` at that place.
    void passed(std::source_location where) const noexcept {
        if (Failure* on_its_way = failure()) on_its_way->passed(where);
    }

    /// The error or CancelledError, to be thrown by the caller, now or later: each frame between
    /// the throw and the coroutine costs. `message` is for a cancellation without an object.
    [[nodiscard]] std::exception_ptr take_exception(const std::string* message);
    /// The same, and keeps the failure for others who ask.
    [[nodiscard]] std::exception_ptr share_exception(const std::string* message) const;

protected:
    ~ResultBase() {
        if (outcome >= Outcome::error) [[unlikely]]
            delete failure_;
    }

private:
    void end_with(Outcome how, FailurePtr failure) noexcept {
        static_cast<void>(take_failure());
        outcome = how;
        failure_ = failure.release();
    }

    Failure* failure_;  // nothing before the outcome is an error or a cancellation

public:
    // Last, where the value of a derived class can use the bytes behind them.
    Outcome outcome = Outcome::pending;
    /// An error or a cancellation is for the owner of this slot even if its frame is transparent,
    /// because it looks at outcomes.
    bool deliver = false;
};

/// A CancelledError as a value; nothing is allocated where there is no message.
[[nodiscard]] std::exception_ptr cancelled_error(const std::string* message);

/// Errors: TypeError, of a set_exception() that was given a null pointer.
[[noreturn]] void throw_null_exception();

/// Called in unhandled_exception(): what is being thrown, with `where` added to its chain.
[[nodiscard]] FailurePtr catch_failure(std::source_location where) noexcept;
/// Forgets the error that the running step threw last; called between steps.
void drop_failure_in_flight() noexcept;
extern constinit thread_local Failure* failure_in_flight [[gnu::tls_model("initial-exec")]];

template <class T>
class Result : public ResultBase {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "the result of a coroutine cannot be over-aligned: return a pointer to it");

public:
    Result() {}  // the value's bytes stay as they are
    ~Result() { clear(); }

    template <class... Args>
    void emplace(Args&&... args) {
        ::new (static_cast<void*>(&value_)) T(std::forward<Args>(args)...);
        outcome = Outcome::value;
    }
    void clear() noexcept {
        if (outcome == Outcome::value) {
            value_.~T();
            outcome = Outcome::pending;
        }
    }
    [[nodiscard]] T& value() noexcept { return value_; }
    void take_from(Result& other) {
        if (other.outcome == Outcome::value) {
            emplace(std::move(other.value_));
        } else {
            set_abnormal_from(other);
        }
    }

private:
    union {
        T value_;
    };
};

template <class T>
class Result<T&> : public ResultBase {
public:
    void emplace(T& value) noexcept {
        value_ = &value;
        outcome = Outcome::value;
    }
    void clear() noexcept {
        if (outcome == Outcome::value) outcome = Outcome::pending;
    }
    [[nodiscard]] T& value() noexcept { return *value_; }
    void take_from(Result& other) noexcept {
        if (other.outcome == Outcome::value) {
            emplace(*other.value_);
        } else {
            set_abnormal_from(other);
        }
    }

private:
    T* value_ = nullptr;
};

template <>
class Result<void> : public ResultBase {
public:
    void emplace() noexcept { outcome = Outcome::value; }
    void clear() noexcept {
        if (outcome == Outcome::value) outcome = Outcome::pending;
    }
    void value() const noexcept {}
    void take_from(Result& other) noexcept {
        if (other.outcome == Outcome::value) {
            emplace();
        } else {
            set_abnormal_from(other);
        }
    }
};

// Whether a copy compiles: containers say that they can be copied whatever they hold.
template <class T>
inline constexpr bool can_copy = std::copy_constructible<T>;
template <class T>
    requires requires { typename T::value_type; }
inline constexpr bool can_copy<T> =
    std::copy_constructible<T> &&
    (std::is_void_v<typename T::value_type> || std::same_as<typename T::value_type, T> ||
     can_copy<typename T::value_type>);
template <class A, class B>
inline constexpr bool can_copy<std::pair<A, B>> = can_copy<A> && can_copy<B>;
template <class... T>
inline constexpr bool can_copy<std::tuple<T...>> = (can_copy<T> && ...);

/// Moves the value out.
template <class T>
T take_value(Result<T>& result) {
    if constexpr (std::is_void_v<T>) {
        return;
    } else {
        return std::forward<T>(result.value());
    }
}

}  // namespace internal

/// The awaits that the exception being handled came through, nearest to its origin first; empty
/// when it came through none. Call it in a catch block, before anything is awaited. An error that
/// is kept and thrown again goes on with its chain until the task waits, unless another came
/// meanwhile; later it begins a new one.
[[nodiscard]] AwaitChain current_await_chain();

}  // namespace weft

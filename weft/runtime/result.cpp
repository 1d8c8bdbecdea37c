// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/result.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <source_location>
#include <string>
#include <utility>

#include <weft/base/await_chain.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {
namespace internal {
namespace {

// For the failures of a program that has no memory left.
class Spares {
public:
    static constexpr unsigned count = 64;

    [[nodiscard]] void* take() noexcept {
        std::uint64_t free = free_.load(std::memory_order_relaxed);
        while (free != 0) {
            if (free_.compare_exchange_weak(free, free & (free - 1), std::memory_order_acquire)) {
                return &places_[static_cast<unsigned>(std::countr_zero(free))];
            }
        }
        return nullptr;
    }
    /// Whether it is one of them.
    [[nodiscard]] bool give_back(void* memory) noexcept {
        const auto* place = static_cast<Place*>(memory);
        if (std::less<>()(place, places_.begin()) || !std::less<>()(place, places_.end()))
            return false;
        free_.fetch_or(std::uint64_t{1} << (place - places_.begin()), std::memory_order_release);
        return true;
    }

private:
    struct alignas(Failure) Place {
        std::array<std::byte, sizeof(Failure)> bytes;
    };
    std::array<Place, count> places_{};
    std::atomic<std::uint64_t> free_ = ~std::uint64_t{0};
};
constinit Spares spares;

// A thread that ends drops what an error of its run() has left.
struct DropAtEnd {
    ~DropAtEnd() { drop_failure_in_flight(); }
};

std::exception_ptr put_in_flight(FailurePtr failure) {
    thread_local const DropAtEnd drop_at_end;
    static_cast<void>(drop_at_end);
    drop_failure_in_flight();
    failure_in_flight = failure.release();
    return failure_in_flight->error;
}

}  // namespace

// Between the throw in one frame and the catch in the next, the chain has no place in the
// exception object, which is the user's; it waits here. It holds the exception for at most the
// rest of the step.
constinit thread_local Failure* failure_in_flight [[gnu::tls_model("initial-exec")]] = nullptr;

void drop_failure_in_flight() noexcept { delete std::exchange(failure_in_flight, nullptr); }

void* Failure::operator new(std::size_t bytes) {
    if (void* memory = ::operator new(bytes, std::nothrow)) return memory;
    if (void* memory = spares.take()) return memory;
    throw std::bad_alloc();
}

void Failure::operator delete(void* memory) noexcept {
    if (!spares.give_back(memory)) ::operator delete(memory);
}

std::exception_ptr ResultBase::take_exception(const std::string* message) {
    if (FailurePtr failure = take_failure()) return put_in_flight(std::move(failure));
    check(outcome == Outcome::cancelled, "only an error or a cancellation can be raised");
    return cancelled_error(message);
}

std::exception_ptr ResultBase::share_exception(const std::string* message) const {
    if (const Failure* kept = failure()) return put_in_flight(std::make_unique<Failure>(*kept));
    check(outcome == Outcome::cancelled, "only an error or a cancellation can be raised");
    return cancelled_error(message);
}

std::exception_ptr cancelled_error(const std::string* message) {
    if (message) return std::make_exception_ptr(CancelledError(*message));
    static const std::exception_ptr without_message = std::make_exception_ptr(CancelledError());
    return without_message;
}

void throw_null_exception() {
    throw TypeError("set_exception() takes an exception, not a null pointer");
}

void ResultBase::set_thrown(std::source_location where) noexcept {
    FailurePtr thrown = catch_failure(where);
    if (is_cancelled_error(thrown->error)) {
        set_cancelled(std::move(thrown));
    } else {
        set_failure(std::move(thrown));
    }
}

FailurePtr catch_failure(std::source_location where) noexcept {
    std::exception_ptr error = std::current_exception();
    FailurePtr failure;
    if (failure_in_flight && failure_in_flight->error == error) {
        failure.reset(std::exchange(failure_in_flight, nullptr));
    } else {
        failure = std::make_unique<Failure>(Failure{std::move(error), {}});
    }
    failure->passed(where);
    return failure;
}

}  // namespace internal

AwaitChain current_await_chain() {
    const std::exception_ptr error = std::current_exception();
    const internal::Failure* failure = internal::failure_in_flight;
    return failure && error && failure->error == error ? failure->chain : AwaitChain();
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/testing/trace.hpp - what happened, in order, as text to compare.
#pragma once

#include <concepts>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::testing {

/// A text of words: `trace("got", 1)` adds "got 1".
class Trace {
public:
    template <class... Words>
    void operator()(const Words&... words) {
        if (!text_.empty()) text_ += ", ";
        bool first = true;
        ((text_ += (std::exchange(first, false) ? "" : " ") + as_text(words)), ...);
    }
    /// The entries, between commas.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    template <class Word>
    static std::string as_text(const Word& word) {
        if constexpr (std::same_as<Word, bool>) {
            return word ? "true" : "false";
        } else if constexpr (std::is_arithmetic_v<Word>) {
            return std::to_string(word);
        } else {
            return std::string(word);
        }
    }
    std::string text_;
};

/// Lets the others run for so many turns.
inline Coro<void> spin(int turns = 1) {
    co_await transparent;
    for (; turns > 0; --turns) co_await sleep(Nanoseconds::zero());
}

/// "ok", or the error that it ended with, such as "ValueError: text".
inline std::string outcome_of(const AnyFuture& future) {
    if (!future.done()) return "pending";
    if (future.cancelled()) return "CancelledError";
    const std::exception_ptr error = future.exception();
    return error ? describe(error) : "ok";
}

/// Waits until it is done, whatever comes of it, and gives outcome_of(). Not for cancelling.
inline Coro<std::string> ended(AnyFuture future) {
    while (!future.done()) co_await sleep(Nanoseconds::zero());
    co_return outcome_of(future);
}

/// Awaits it, and gives "ok" or its error in the same words. A cancellation passes through.
template <class T>
Coro<std::string> outcome(Coro<T> coro) {
    const auto result = co_await as_result(std::move(coro));
    co_return result ? "ok" : describe(result.error());
}

/// What a call throws, as text; "nothing" when it returns.
template <std::invocable F>
std::string thrown_by(F function) {
    try {
        static_cast<void>(function());
    } catch (...) {
        return describe(std::current_exception());
    }
    return "nothing";
}

}  // namespace weft::testing

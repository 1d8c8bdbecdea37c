// SPDX-License-Identifier: Apache-2.0
// tests/conformance/trace.hpp - what a case reports: JSON values, and the recorder that collects
// them in the order of the events.
#pragma once

// IWYU pragma: begin_exports
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/future.hpp>
// IWYU pragma: end_exports

namespace conformance {

class Trace;

/// A JSON value: null, bool, number, string, list or object.
class Json {
public:
    using List = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;

    Json() = default;
    Json(std::nullptr_t) {}
    template <std::same_as<bool> B>
    Json(B value) : value_(value) {}
    template <std::integral I>
        requires(!std::same_as<I, bool>)
    Json(I value) : value_(static_cast<std::int64_t>(value)) {}
    Json(double value) : value_(value) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(List value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}
    template <class T>
        requires std::convertible_to<T, Json> && (!std::same_as<T, Json>)
    Json(const std::vector<T>& values) : value_(List(values.begin(), values.end())) {}
    /// What gather() gives.
    Json(std::monostate) {}
    template <class... T>
    Json(const std::tuple<T...>& values)
        : value_(std::apply([](const T&... each) { return List{Json(each)...}; }, values)) {}
    template <class T>
    Json(const std::expected<T, std::exception_ptr>& result);
    /// What was recorded so far.
    Json(const Trace& trace);

    /// An item of a list.
    [[nodiscard]] const Json& operator[](std::size_t at) const;
    [[nodiscard]] const std::string& text() const;
    friend bool operator==(const Json&, const Json&) = default;

    [[nodiscard]] std::string to_string() const;

private:
    void write(std::string& out) const;
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object> value_;
};

/// Python's `[a, b, c]`.
template <class... Items>
[[nodiscard]] Json list(Items&&... items) {
    Json::List values;
    (values.emplace_back(std::forward<Items>(items)), ...);
    return Json(std::move(values));
}

/// The recorder: `t(x)` appends x, `t(x, y)` appends [x, y]. A handle: copies append to the same
/// list, so that callbacks may keep one.
/// Thread: any.
class Trace {
public:
    template <class... Items>
    void operator()(Items&&... items) const {
        if constexpr (sizeof...(Items) == 1) {
            append(Json(std::forward<Items>(items)...));
        } else {
            append(list(std::forward<Items>(items)...));
        }
    }
    [[nodiscard]] Json::List items() const;

private:
    void append(Json item) const;
    struct State {
        std::mutex mutex;
        Json::List items;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// An exception as the probes print it: "Type:text", the text cut to 90 characters; a group as
/// {"ExceptionGroup": [...]}.
[[nodiscard]] Json en(const std::exception_ptr& error);
/// The exception that is being handled.
[[nodiscard]] Json en();
/// `type(e).__name__` of the exception that is being handled.
[[nodiscard]] std::string type_name();
/// The same of any exception.
[[nodiscard]] std::string type_name(const std::exception_ptr& error);

template <class T>
Json::Json(const std::expected<T, std::exception_ptr>& result)
    : Json(result ? Json(*result) : en(result.error())) {}

namespace internal {

template <class A>
decltype(auto) forward_awaitable(A& awaitable) {
    // The result stays in a future, for others to read.
    if constexpr (std::derived_from<A, weft::AnyFuture>) {
        return static_cast<A&>(awaitable);
    } else {
        return std::move(awaitable);
    }
}

}  // namespace internal

/// ["ok", value] or ["raise", error].
template <weft::Awaitable A>
weft::Coro<Json> tr(A awaitable) {
    using T = std::remove_cvref_t<weft::await_result_t<A>>;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await internal::forward_awaitable(awaitable);
            co_return list("ok", nullptr);
        } else if constexpr (std::convertible_to<T, Json>) {
            co_return list("ok", co_await internal::forward_awaitable(awaitable));
        } else {
            co_await internal::forward_awaitable(awaitable);
            co_return list("ok", "a value that JSON cannot hold");
        }
    } catch (...) {
        co_return list("raise", en());
    }
}

}  // namespace conformance

// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/retries.hpp - whether and when a request is sent again.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>

#include <weft/base/time.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>

namespace weft::http::internal {

/// What a session may still spend on retries.
class RetryBudget {
public:
    explicit RetryBudget(const RetryPolicy& policy) noexcept
        : max_(policy.budget_max), ratio_(policy.budget_ratio), left_(policy.budget_max) {}

    /// Returns: whether there was something left for one.
    [[nodiscard]] bool take() noexcept;
    void give_back() noexcept;

private:
    double max_;
    double ratio_;
    double left_;
};

/// Whether the answer is one that asks for another attempt.
[[nodiscard]] bool may_retry(const RetryPolicy& policy, const Method& method, int status) noexcept;
/// The same of an error.
[[nodiscard]] bool may_retry(const RetryPolicy& policy, const Method& method,
                             const std::exception_ptr& error);

/// How long the server wants not to be asked: seconds, or until a date; nullopt where it does not say,
/// or nobody understands.
[[nodiscard]] std::optional<Nanoseconds> retry_after(const Headers& headers,
                                                     std::chrono::sys_seconds now);

/// How long to wait before the attempt behind the `attempt`-th, 1 being the first. `chance` is from
/// 0 to 1.
[[nodiscard]] Nanoseconds backoff(const RetryPolicy& policy, std::size_t attempt,
                                  double chance) noexcept;
/// A number from 0 to 1, another one each time.
[[nodiscard]] double chance();

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/retries.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <string_view>
#include <system_error>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_date.hpp>
#include <weft/http/method.hpp>

namespace weft::http::internal {
namespace {

bool may_repeat(const RetryPolicy& policy, const Method& method) noexcept {
    return policy.any_method || method.is_idempotent();
}

}  // namespace

bool RetryBudget::take() noexcept {
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
}

void RetryBudget::give_back() noexcept { left_ = std::min(max_, left_ + ratio_); }

bool may_retry(const RetryPolicy& policy, const Method& method, int status) noexcept {
    return may_repeat(policy, method) &&
           std::ranges::find(policy.statuses, status) != policy.statuses.end();
}

bool may_retry(const RetryPolicy& policy, const Method& method, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ClientSSLError&) {
        return false;
    } catch (const ClientConnectorError& refused) {
        return refused.code() != EACCES;  // nothing was sent; but what is not allowed stays so
    } catch (const ConnectionTimeoutError&) {
        return true;
    } catch (const SocketTimeoutError&) {
        return may_repeat(policy, method);
    } catch (const TimeoutError&) {
        return false;  // the total
    } catch (const ServerDisconnectedError&) {
        return may_repeat(policy, method);
    } catch (const ClientOSError&) {
        return may_repeat(policy, method);
    } catch (...) {
        return false;
    }
}

std::optional<Nanoseconds> retry_after(const Headers& headers, std::chrono::sys_seconds now) {
    const auto said = headers.get("Retry-After");
    if (!said) return std::nullopt;
    std::uint32_t seconds = 0;
    const char* const end = said->data() + said->size();
    const auto [read, error] = std::from_chars(said->data(), end, seconds);
    if (error == std::errc() && read == end) return std::chrono::seconds(seconds);
    const auto date = parse_http_date(*said);
    if (!date) return std::nullopt;
    return std::max<Nanoseconds>(*date - now, Nanoseconds::zero());
}

Nanoseconds backoff(const RetryPolicy& policy, std::size_t attempt, double chance) noexcept {
    const double first = static_cast<double>(policy.backoff.get().count());
    const double most = static_cast<double>(policy.backoff_max.get().count());
    const double limit =
        std::min(most, std::ldexp(first, static_cast<int>(std::min<std::size_t>(attempt - 1, 60))));
    return Nanoseconds(static_cast<std::int64_t>(limit * chance));
}

double chance() {
    thread_local std::minstd_rand engine{std::random_device()()};
    return std::uniform_real_distribution<double>(0, 1)(engine);
}

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/capacity_limiter.hpp>

#include <cstddef>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/op.hpp>

namespace weft {
namespace {

std::ptrdiff_t checked(std::ptrdiff_t total_tokens) {
    if (total_tokens < 0) throw ValueError("total_tokens must be >= 0");
    return total_tokens;
}

}  // namespace

constinit const internal::OpKind internal::CapacityWait::kind_of_wait{
    "CapacityLimiter.acquire", OpDetail::object, offsetof(CapacityWait, limiter_)};

CapacityLimiter::CapacityLimiter(std::ptrdiff_t total_tokens)
    : tokens_(checked(total_tokens)), total_(total_tokens) {}

void CapacityLimiter::set_total_tokens(std::ptrdiff_t total) {
    const std::ptrdiff_t more = checked(total) - total_;
    total_ = total;
    tokens_.add(more);
}

void CapacityLimiter::throw_not_borrowed() {
    throw RuntimeError("this borrower isn't holding any of this CapacityLimiter's tokens");
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/with_async.hpp>

#include <exception>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/result.hpp>

namespace weft::internal {

ExitReason reason_for(const ResultBase& body) {
    if (const Failure* failure = body.failure()) return {failure->error};
    if (body.outcome == Outcome::cancelled) return {std::make_exception_ptr(CancelledError())};
    return {};
}

}  // namespace weft::internal

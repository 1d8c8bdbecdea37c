// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/with_async.hpp>

#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>

namespace weft::internal {

template Coro<void> run_and_clean_up(BodyRef<void, NoScope>, BodyRef<void, NoScope>);

ExitReason reason_for(const ResultBase& body, const TaskBase* task) {
    if (const Failure* failure = body.failure()) return {failure->error};
    if (body.outcome == Outcome::cancelled) return {cancelled_error(cancel_message_of(task))};
    return {};
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/shield.hpp>

#include <exception>
#include <utility>

#include <weft/base/ref.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/result.hpp>

namespace weft::internal {

void shield_into(const Ref<FutureBase>& inner, const Ref<FutureBase>& outer,
                 void (*pass_value)(FutureBase& from, FutureBase& to)) {
    AnyFuture(inner).add_done_callback([outer, pass_value](const AnyFuture& ended) {
        FutureBase& from = *ended.state();
        // Cancelled meanwhile: an error stays with the inner one, which reports it when nobody
        // asks.
        if (outer->done()) return;
        FailurePtr failure = copy_failure(from.result());
        if (from.result().outcome == Outcome::error) from.mark_retrieved();
        if (from.cancelled()) {
            outer->cancel(from.cancel_message());
        } else if (failure) {
            outer->set_failure(std::move(failure));
        } else {
            try {
                pass_value(from, *outer);
            } catch (...) {  // the result could not be copied
                return outer->set_error(std::current_exception());
            }
            outer->mark_done();
        }
    });
}

}  // namespace weft::internal

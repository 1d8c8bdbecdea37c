// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/turn_budget.hpp>

namespace weft::internal {

constinit thread_local int operations_at_once [[gnu::tls_model("initial-exec")]] = 0;

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/http/client/retry_policy.hpp - RetryPolicy: what is asked again, and when.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include <weft/base/time.hpp>

namespace weft::http {

/// When a request that has failed is sent again. Without setting `attempts`, only one thing is: a
/// request that has met a connection which its server was just closing.
///
/// A request is repeated where it failed to connect, whatever its method is; and where its method
/// may be repeated (GET, HEAD, PUT, DELETE, OPTIONS), when the server has gone without an answer, or
/// its answer has one of `statuses`. A certificate that is not to be trusted is no such failure, nor
/// is `ClientTimeout::total`, which holds for all attempts and the waiting between them.
///
/// It waits first: as long as Retry-After says, else for a time that chance takes from zero to
/// `backoff`, which doubles with each attempt, so that those who failed together do not come back
/// together. Where the total leaves no time for that, what came last is given.
///
/// The budget keeps a server that fails for all from being asked several times as much: each retry
/// takes one from it, and each request that needed none gives back a part.
///
/// Spec: RFC 9110 §9.2.2 and §10.2.3. aiohttp repeats for a dead connection alone, and that cannot
///       be switched off.
struct RetryPolicy {
    std::size_t attempts = 1;       ///< in all
    bool reused_connection = true;  ///< at once, and no attempt of those; as said above
    bool any_method = false;        ///< takes it that each request may be repeated
    std::vector<int> statuses = {429, 502, 503, 504};
    Delay backoff = std::chrono::milliseconds(500);
    Delay backoff_max = std::chrono::seconds(30);
    /// A server that wants to be left alone for longer is: its answer is given.
    Delay retry_after_max = std::chrono::seconds(60);
    double budget_max = 10;     ///< of a session, and at its start
    double budget_ratio = 0.2;  ///< what a request that needed no retry gives
};

}  // namespace weft::http

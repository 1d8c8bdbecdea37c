// SPDX-License-Identifier: Apache-2.0
// weft/http/client/timings.hpp - Timings: how long the parts of a request took.
#pragma once

#include <weft/base/time.hpp>

namespace weft::http {

/// Of the last request in a chain of redirects and retries, but `total`.
struct Timings {
    Nanoseconds queued{0};     ///< until one of the pool's connections was free, or could be made
    Nanoseconds resolved{0};   ///< until the name had an address; 0 without a new connection
    Nanoseconds connected{0};  ///< until there was a connection, TLS included; 0 likewise
    Nanoseconds answered{0};   ///< from then until the head of the response was there
    Nanoseconds total{0};      ///< from the call until then, all that led there included
    bool is_reused = false;    ///< whether the connection had served before
};

}  // namespace weft::http

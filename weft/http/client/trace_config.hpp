// SPDX-License-Identifier: Apache-2.0
// weft/http/client/trace_config.hpp - TraceConfig: functions that are told what becomes of requests.
//
//   request_start ─▶ connection_queued_start ─▶ connection_queued_end ─▶ connection_reuseconn ─┐
//                                                       │                                      │
//        dns_cache_hit ◀────────────────────── connection_create_start                         │
//        dns_cache_miss ─▶ dns_resolvehost_start ─▶ …_end ─▶ connection_create_end             │
//                                                       │                                      │
//        request_redirect ◀─┐       request_headers_sent ◀─────────────────────────────────────┘
//                           │       request_chunk_sent …
//        request_exception ◀┴─ … ─▶ request_end ─▶ response_chunk_received …
#pragma once

#include <any>
#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>

#include <weft/base/bytes.hpp>

namespace weft::http {

class ClientResponse;
class Headers;
class Method;
class URL;

/// What belongs to one request, for one TraceConfig.
struct TraceContext {
    std::uint64_t request_id;  ///< no other request of the program has it
    std::any data{};           ///< the callbacks' own
};

// What the callbacks are told; it lives as long as the call. Credentials among the headers read "***".

struct TraceRequestStartParams {
    const Method& method;
    const URL& url;
    const Headers& headers;
};
struct TraceRequestHeadersSentParams {
    const Method& method;
    const URL& url;
    const Headers& headers;
};
struct TraceRequestChunkSentParams {
    const Method& method;
    const URL& url;
    BytesView chunk;  ///< of the body, as it was given
};
struct TraceRequestRedirectParams {
    const Method& method;
    const URL& url;  ///< that was asked
    const Headers& headers;
    const ClientResponse& response;  ///< that sends the request elsewhere
};
struct TraceRequestEndParams {
    const Method& method;
    const URL& url;
    const Headers& headers;
    const ClientResponse& response;  ///< whose body is still to come
};
struct TraceRequestExceptionParams {
    const Method& method;
    const URL& url;
    const Headers& headers;
    const std::exception_ptr& exception;
};
struct TraceResponseChunkReceivedParams {
    const Method& method;
    const URL& url;
    BytesView chunk;  ///< of the body, as it came
};
struct TraceConnectionQueuedStartParams {};
struct TraceConnectionQueuedEndParams {};
struct TraceConnectionCreateStartParams {};
struct TraceConnectionCreateEndParams {};
struct TraceConnectionReuseconnParams {};
struct TraceDnsResolveHostStartParams {
    std::string_view host;
};
struct TraceDnsResolveHostEndParams {
    std::string_view host;
};
struct TraceDnsCacheHitParams {
    std::string_view host;
};
struct TraceDnsCacheMissParams {
    std::string_view host;
};

/// Functions that a session calls while it makes its requests; those that are not set are not.
///
///     TraceConfig trace;
///     trace.on_request_end = [](TraceContext&, const TraceRequestEndParams& told) {
///         log(LogLevel::info, told.url.human_repr());
///     };
///     ClientSession session({.trace_configs = {trace}});
///
/// What one throws ends the request. `on_request_start`, `…_end` and `…_exception` come once for a
/// request, whatever redirects and retries it needs. A cancellation is no exception.
///
/// Spec: aiohttp.TraceConfig, whose signals are coroutines: what takes time is for a task here.
struct TraceConfig {
    template <class Params>
    using Signal = std::function<void(TraceContext&, const Params&)>;

    Signal<TraceRequestStartParams> on_request_start{};
    Signal<TraceRequestHeadersSentParams> on_request_headers_sent{};
    Signal<TraceRequestChunkSentParams> on_request_chunk_sent{};
    Signal<TraceRequestRedirectParams> on_request_redirect{};
    Signal<TraceRequestEndParams> on_request_end{};
    Signal<TraceRequestExceptionParams> on_request_exception{};
    Signal<TraceResponseChunkReceivedParams> on_response_chunk_received{};
    Signal<TraceConnectionQueuedStartParams>
        on_connection_queued_start{};  ///< only if it has to wait
    Signal<TraceConnectionQueuedEndParams> on_connection_queued_end{};
    Signal<TraceConnectionCreateStartParams> on_connection_create_start{};
    Signal<TraceConnectionCreateEndParams> on_connection_create_end{};
    Signal<TraceConnectionReuseconnParams> on_connection_reuseconn{};
    Signal<TraceDnsResolveHostStartParams> on_dns_resolvehost_start{};
    Signal<TraceDnsResolveHostEndParams> on_dns_resolvehost_end{};
    Signal<TraceDnsCacheHitParams> on_dns_cache_hit{};  ///< the name did not have to be asked for
    Signal<TraceDnsCacheMissParams> on_dns_cache_miss{};
};

}  // namespace weft::http

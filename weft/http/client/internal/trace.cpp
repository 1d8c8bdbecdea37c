// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/trace.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include <weft/http/client/request.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/headers.hpp>

namespace weft::http::internal {
namespace {

// What a trace writes down is read by many.
Headers without_secrets(const ClientRequest& request) {
    Headers headers = request.headers;
    const auto hide = [&](std::string_view name) {
        if (headers.contains(name)) headers.set(name, "***");
    };
    for (const std::string_view name : {"Authorization", "Cookie", "Proxy-Authorization"})
        hide(name);
    for (const auto& name : request.redirects.sensitive_headers) hide(name);
    return headers;
}

std::uint64_t next_request_id() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

}  // namespace

Trace::Trace(Configs configs)
    : configs_(std::move(configs)),
      contexts_(configs_->size(), TraceContext{.request_id = next_request_id()}) {}

void Trace::request_start(const ClientRequest& request) {
    const Headers headers = without_secrets(request);
    tell(&TraceConfig::on_request_start,
         TraceRequestStartParams{request.method, request.url, headers});
}

void Trace::request_headers_sent(const ClientRequest& request) {
    const Headers headers = without_secrets(request);
    tell(&TraceConfig::on_request_headers_sent,
         TraceRequestHeadersSentParams{request.method, request.url, headers});
}

void Trace::request_redirect(const ClientRequest& request, const ClientResponse& response) {
    const Headers headers = without_secrets(request);
    tell(&TraceConfig::on_request_redirect,
         TraceRequestRedirectParams{request.method, request.url, headers, response});
}

void Trace::request_end(const ClientRequest& request, const ClientResponse& response) {
    const Headers headers = without_secrets(request);
    tell(&TraceConfig::on_request_end,
         TraceRequestEndParams{request.method, request.url, headers, response});
}

void Trace::request_exception(const ClientRequest& request, const std::exception_ptr& exception) {
    const Headers headers = without_secrets(request);
    tell(&TraceConfig::on_request_exception,
         TraceRequestExceptionParams{request.method, request.url, headers, exception});
}

}  // namespace weft::http::internal

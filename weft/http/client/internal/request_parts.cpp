// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/request_parts.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/internal/exchange.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/internal/upload.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/cookie.hpp>
#include <weft/http/method.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

// A body so short is sent in one piece with its head.
constexpr std::size_t short_body_bytes_max = std::size_t{16} * 1024;

// Whether it is expected to have a body, so that it says even that there is none.
// Spec: RFC 9110 §8.6.
bool expects_body(const Method& method) {
    return method == Method::post || method == Method::put || method == Method::patch;
}

}  // namespace

Coro<std::unique_ptr<PayloadReader>> open_body(const ClientRequest& request) {
    co_await transparent;
    const Bytes* bytes = request.body.bytes();
    const bool is_short = request.body.empty() || (bytes && bytes->size() <= short_body_bytes_max);
    if (is_short && !request.expect100) co_return nullptr;
    co_return co_await request.body.open();
}

std::optional<Framing> framing_of(const ClientRequest& request, const PayloadReader* body) {
    if (body) return Framing{body->size()};
    if (const Bytes* bytes = request.body.bytes()) return Framing{bytes->size()};
    if (expects_body(request.method)) return Framing{0};
    return std::nullopt;
}

std::string cookies_for(const ClientRequest& request) {
    const bool has_jar = request.cookie_jar && !request.cookie_jar->empty();
    if (!has_jar && request.cookies.empty()) return {};
    MultiDict cookies = has_jar ? request.cookie_jar->filter_cookies(request.url) : MultiDict();
    cookies.update(request.cookies);
    if (cookies.empty()) return {};
    std::string text = cookie_header(cookies);
    if (const auto written = request.headers.get("Cookie")) text.append("; ").append(*written);
    return text;
}

int code_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& failure) {
        return failure.code();
    } catch (...) {
        return 0;
    }
}

UploadOptions upload_options_of(const ClientRequest& request) {
    UploadOptions options{.sock_write = request.timeout.sock_write,
                          .awaits_continue = request.expect100};
    if (!request.trace) return options;
    options.tell_sent = [trace = request.trace, method = request.method,
                         url = request.url](BytesView chunk) {
        trace->tell(&TraceConfig::on_request_chunk_sent,
                    TraceRequestChunkSentParams{method, url, chunk});
    };
    return options;
}

}  // namespace weft::http::internal

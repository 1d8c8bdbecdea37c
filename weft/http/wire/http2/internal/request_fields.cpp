// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/internal/request_fields.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/http2/http2_client.hpp>

namespace weft::http::wire::internal {
namespace {

bool is_left_out(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 7> names = {
        "Host", "Connection",        "Keep-Alive", "Proxy-Connection",
        "TE",   "Transfer-Encoding", "Upgrade"};
    return std::ranges::any_of(
        names, [&](std::string_view one) { return equal_ignoring_case(one, name); });
}

// libnghttp2 takes what it does not change as if it might.
std::uint8_t* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

nghttp2_nv field_of(std::string_view name, std::string_view value) noexcept {
    return {.name = bytes_of(name),
            .value = bytes_of(value),
            .namelen = name.size(),
            .valuelen = value.size(),
            .flags = NGHTTP2_NV_FLAG_NONE};
}

void check_target(const H2RequestHead& head) {
    if (head.method == Method::connect) {
        throw ValueError("a request of the method CONNECT is not sent over HTTP/2");
    }
    const std::size_t bad = target_prefix(head.path);
    if (head.path.empty()) throw ValueError("the path of a request must not be empty");
    if (bad == head.path.size()) return;
    // The path may hold a secret: only what is wrong with it is told.
    throw ValueError("the path of a request holds " + in_quotes(head.path.substr(bad, 1)) +
                     " at position " + std::to_string(bad) +
                     ": visible ASCII without # was expected");
}

}  // namespace

std::vector<nghttp2_nv> request_fields(const H2RequestHead& head) {
    check_target(head);
    std::vector<nghttp2_nv> fields{
        field_of(":method", head.method.name()), field_of(":scheme", head.scheme),
        field_of(":authority", head.authority), field_of(":path", head.path)};
    fields.reserve(fields.size() + head.headers.size());
    for (const auto& [name, value] : head.headers) {
        if (!is_left_out(name)) fields.push_back(field_of(name, value));
    }
    return fields;
}

}  // namespace weft::http::wire::internal

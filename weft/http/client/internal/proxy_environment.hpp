// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/proxy_environment.hpp - proxy_from_environment(), of any environment.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/client/proxy.hpp>
#include <weft/http/url.hpp>

namespace weft::http::internal {

/// The value of a variable; nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

[[nodiscard]] std::optional<Proxy> proxy_from(const Environment& environment, const URL& url);

/// Whether such a list has the URL's host, or its host and port.
[[nodiscard]] bool is_in_no_proxy(std::string_view list, const URL& url);

}  // namespace weft::http::internal

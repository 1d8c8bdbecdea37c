// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/options.hpp - what the arguments of `weft fetch` mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <weft/http/client/proxy.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>

namespace weft::app {

/// As the user has written them.
struct FetchArguments {
    std::vector<std::string> urls;
    std::vector<std::string> lists;
    std::vector<std::string> headers;
    std::string out = ".";
    std::string name;
    std::string proxy;
    std::size_t concurrency = 8;
    std::size_t retries = 3;
    double timeout = 30;  ///< in seconds
    double max_time = 0;  ///< in seconds; 0: no limit
    bool skip_existing = false;
    bool json = false;
};

/// What they mean.
struct FetchOptions {
    std::vector<http::URL> urls;
    http::Headers headers;
    std::optional<http::Proxy> proxy;
};

/// Errors: UsageError   a mistake, by its name.
[[nodiscard]] FetchOptions read_arguments(const FetchArguments& arguments);

}  // namespace weft::app

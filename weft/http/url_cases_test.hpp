// SPDX-License-Identifier: Apache-2.0
// weft/http/url_cases_test.hpp - the cases of the web platform's tests; make_cases.py makes them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace weft::http {

/// A case of urltestdata.json, its parts as a browser's URL has them.
struct URLCase {
    std::string_view input;
    std::optional<std::string_view> base;
    bool failure = false;
    /// Of a failure without a base: the bases with which it is none.
    std::string_view relative_to;
    std::string_view href;
    std::optional<std::string_view> origin;
    std::string_view protocol;
    std::string_view username;
    std::string_view password;
    std::string_view host;
    std::string_view hostname;
    std::string_view port;
    std::string_view pathname;
    std::string_view search;
    std::string_view hash;
    /// Why weft differs here; empty where it does not.
    std::string_view difference;
};

/// A case of toascii.json: a host and its ASCII, nullopt where it is none.
struct HostCase {
    std::string_view input;
    std::optional<std::string_view> output;
    std::string_view difference;
};

extern const std::vector<URLCase> url_cases;
extern const std::vector<HostCase> host_cases;

}  // namespace weft::http

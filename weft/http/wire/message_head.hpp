// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/message_head.hpp - what stands before the body of a message.
#pragma once

#include <string>

#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>

namespace weft::http::wire {

struct RequestHead {
    Method method;
    std::string target;  ///< as sent: "/path?query", "http://host/path", "host:port" or "*"
    HttpVersion version;
    Headers headers;
};

struct ResponseHead {
    HttpVersion version;
    int status = 200;
    std::string reason;
    Headers headers;
};

}  // namespace weft::http::wire

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/exceptions.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>

namespace weft::http {

ClientOSError::ClientOSError(int code, std::string message) : OSError(code, {}) {
    set_message(std::move(message));
}

ClientConnectorError::ClientConnectorError(std::string host, std::uint16_t port, int code,
                                           const std::string& reason)
    : ClientOSError(code, reason), host_(std::move(host)), port_(port) {
    set_message("Cannot connect to host " + host_ + ":" + std::to_string(port_) + ": " + reason);
}

UnixClientConnectorError::UnixClientConnectorError(const std::string& path, int code,
                                                   const std::string& reason)
    : ClientConnectorError(path, 0, code, reason) {
    set_message("Cannot connect to unix socket " + path + ": " + reason);
}

ClientResponseError::ClientResponseError(const URL& url, int status, std::string reason,
                                         Headers headers)
    : said_(std::make_shared<const Said>(url, status, std::move(reason), std::move(headers))) {
    set_message((status == 0 ? "" : std::to_string(status) + ", ") + "message='" + said_->reason +
                "', url='" + url.human_repr() + "'");
}

}  // namespace weft::http

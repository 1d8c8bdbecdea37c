// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/middleware.hpp>

#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

Coro<ClientResponse> Next::operator()(ClientRequest& request) const {
    co_await transparent;
    if (rest_.empty()) co_return co_await sender_(request);
    const Next behind(rest_.subspan(1), sender_);
    co_return co_await rest_.front()(request, behind);
}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/trace.hpp - Trace: what a request tells its TraceConfigs.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>

namespace weft::http {
struct ClientRequest;
}
namespace weft::http::internal {

/// Shared by all that one request becomes.
class Trace {
public:
    using Configs = std::shared_ptr<const std::vector<TraceConfig>>;
    explicit Trace(Configs configs);

    template <class Params>
    void tell(TraceConfig::Signal<Params> TraceConfig::* signal, const Params& params) {
        for (std::size_t i = 0; i < configs_->size(); ++i) {
            const auto& callback = (*configs_)[i].*signal;
            if (callback) callback(contexts_[i], params);
        }
    }

    // Those with the headers of a request.
    void request_start(const ClientRequest& request);
    void request_headers_sent(const ClientRequest& request);
    void request_redirect(const ClientRequest& request, const ClientResponse& response);
    void request_end(const ClientRequest& request, const ClientResponse& response);
    void request_exception(const ClientRequest& request, const std::exception_ptr& exception);

private:
    Configs configs_;
    std::vector<TraceContext> contexts_;
};

}  // namespace weft::http::internal

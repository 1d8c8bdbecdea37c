// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/connector.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <weft/http/client/internal/connector_state.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

Connector::Connector(std::shared_ptr<internal::ConnectorState> state) noexcept
    : state_(std::move(state)) {}

Coro<void> Connector::close() const { return internal::close_and_wait(state_); }
bool Connector::closed() const noexcept { return state_->is_closed(); }

std::size_t Connector::in_use() const noexcept {
    return state_->pool() ? state_->pool()->in_use() : 0;
}
std::size_t Connector::idle() const noexcept { return state_->pool() ? state_->pool()->idle() : 0; }
std::size_t Connector::waiting() const noexcept {
    return state_->pool() ? state_->pool()->waiting() : 0;
}

TCPConnector::TCPConnector(TCPConnectorOptions options)
    : Connector(std::make_shared<internal::TCPConnectorState>(std::move(options))) {}

UnixConnector::UnixConnector(std::string path, ConnectorOptions options)
    : Connector(
          std::make_shared<internal::UnixConnectorState>(std::move(path), std::move(options))) {}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// tests/interop/tls.hpp - the certificates of the tests: authority.pem, server.pem and server.key in
// the folder that the variable CERTIFICATES names.
#pragma once

#include <weft/io/transport_security.hpp>

namespace weft::interop {

[[nodiscard]] StreamSecurity server_context();
/// Trusts the authority.
[[nodiscard]] StreamSecurity client_context();

}  // namespace weft::interop

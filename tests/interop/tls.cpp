// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "tls.hpp"

#include <weft/base/exceptions.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::interop {
namespace {

std::string file(const char* name) {
    const char* folder = std::getenv("CERTIFICATES");
    if (!folder) throw ValueError("the variable CERTIFICATES names no folder");
    return std::string(folder) + "/" + name;
}

}  // namespace

StreamSecurity server_context() {
    const ssl::SSLContext context = ssl::create_default_context(ssl::Purpose::client_auth);
    context.load_cert_chain(file("server.pem"), file("server.key"));
    context.set_alpn_protocols({"http/1.1"});
    return context;
}

StreamSecurity client_context() {
    return ssl::create_default_context(ssl::Purpose::server_auth,
                                       {.cafile = file("authority.pem")});
}

}  // namespace weft::interop

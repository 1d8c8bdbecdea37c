// SPDX-License-Identifier: Apache-2.0
// tests/conformance/sock_cases.cpp - SOCK: the loop's operations on sockets.
#include "cases.hpp"

namespace conformance {
namespace {

const Case sock_02("SOCK-02-blocking-rejected", debug_in_real_time, []() -> Coro<Json> {
    auto [a, b] = Socket::socketpair();
    Json r = co_await tr(sock_recv(a, 1));
    a.close();
    b.close();
    co_return r;
});

}  // namespace
}  // namespace conformance

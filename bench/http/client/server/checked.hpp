// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/checked.hpp - what must not fail here ends the program.
#pragma once

#include <cstdio>
#include <cstdlib>

#include <openssl/err.h>

namespace bench {

/// Of a system call: below zero is a failure.
template <class T>
T checked(T result, const char* what) {
    if (result >= 0) return result;
    std::perror(what);
    std::exit(1);
}

/// Of OpenSSL: neither zero nor null.
template <class T>
T made(T result, const char* what) {
    if (result) return result;
    std::fprintf(stderr, "%s: ", what);
    ERR_print_errors_fp(stderr);
    std::exit(1);
}

}  // namespace bench

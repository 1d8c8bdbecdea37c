// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/internal/openssl_error.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <string>

#include <openssl/err.h>

#include <weft/base/os_error.hpp>
#include <weft/tls/exceptions.hpp>

namespace weft::ssl::internal {
namespace {

std::string text_or(const char* text, const char* otherwise) { return text ? text : otherwise; }

// "wrong version number" as OpenSSL and Python name it: WRONG_VERSION_NUMBER.
std::string name_of(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) {
        return std::isalnum(c) ? static_cast<char>(std::toupper(c)) : '_';
    });
    return text;
}

// "SSL routines" to "SSL".
std::string short_name(std::string library) {
    const std::string routines = " routines";
    if (library.ends_with(routines)) library.resize(library.size() - routines.size());
    return name_of(library == "x509 certificate" ? "X509" : library);
}

}  // namespace

bool is_last_error(int library, int reason) noexcept {
    const unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

// Clearing goes through all places of the queue, and it is empty as a rule.
void forget_errors() noexcept {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

void throw_openssl_error(const std::string& what) {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const std::string about = what.empty() ? "" : ": " + what;
    if (ERR_SYSTEM_ERROR(code)) throw_os_error(static_cast<int>(ERR_GET_REASON(code)), what);
    const std::string reason = text_or(ERR_reason_error_string(code), "unknown error");
    throw SSLError(short_name(text_or(ERR_lib_error_string(code), "SSL")), name_of(reason),
                   reason + about);
}

}  // namespace weft::ssl::internal

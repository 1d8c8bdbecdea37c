// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/domain_name.hpp - names of hosts in Unicode, and as DNS writes them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::http::internal {

/// The longest name that is looked at: four bytes for each of the 253 that DNS carries, and as many
/// again that the mapping drops.
inline constexpr std::size_t unicode_domain_bytes_max = 2048;

/// Appends a domain as DNS has it: `faß.de` becomes `xn--fa-hia.de`. ASCII only changes its case,
/// even where it is no valid A-label.
///
/// Returns: false where the name cannot be one: bytes that are no UTF-8, code points that no name
///          has, labels or names that are too long for DNS.
/// Spec:    WHATWG URL §3.3, domain to ASCII, on libidn2: that is UTS #46, non-transitional, with
///          the checks of IDNA2008 on top, so that symbols (`☃.net`) are refused.
[[nodiscard]] bool append_domain_in_ascii(std::string& out, std::string_view domain);

/// A domain in ASCII as people read it; as it is unless append_domain_in_ascii() reads that back.
[[nodiscard]] std::string domain_to_unicode(std::string_view domain);

}  // namespace weft::http::internal

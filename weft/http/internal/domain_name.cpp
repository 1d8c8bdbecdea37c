// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/domain_name.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <idn2.h>

#include <weft/base/free_with.hpp>
#include <weft/http/internal/ascii.hpp>

namespace weft::http::internal {

bool append_domain_in_ascii(std::string& out, std::string_view domain) {
    if (std::ranges::all_of(domain, is_ascii)) {
        append_lower_case(out, domain);
        return true;
    }
    if (domain.size() > unicode_domain_bytes_max || domain.contains('\0')) return false;

    const std::string source(domain);
    std::uint8_t* found = nullptr;
    const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(source.c_str()), &found,
                                      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, FreeWith<idn2_free>> owner(found);
    if (status != IDN2_OK) return false;
    out += reinterpret_cast<const char*>(found);
    return true;
}

std::string domain_to_unicode(std::string_view domain) {
    std::string name(domain);
    if (!name.contains("xn--")) return name;
    char* found = nullptr;
    const int status = idn2_to_unicode_8z8z(name.c_str(), &found, 0);
    const std::unique_ptr<char, FreeWith<idn2_free>> owner(found);
    // libidn2 decodes whatever there is, control characters as well.
    std::string again;
    if (status != IDN2_OK || !append_domain_in_ascii(again, found) || again != name) return name;
    return found;
}

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
// weft/http/preferences.hpp - what a client would rather have: Accept and its like.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weft/http/headers.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {

/// An element of such a list: text/html with level=1 and q=0.5.
struct Preference {
    std::string value;       ///< in lower case; `*` and the like as they are
    MultiDict parameters{};  ///< but for `q`
    int quality = 1000;      ///< in thousandths; 0: not at all

    friend bool operator==(const Preference&, const Preference&) = default;
};

/// The elements of all fields of that name, in order. Elements that are none are left out, since a
/// client that says something odd still wants an answer.
///
/// Limits: the first 64 count.
/// Spec:   RFC 9110 §12.4.2: Accept, Accept-Charset, Accept-Encoding, Accept-Language.
[[nodiscard]] std::vector<Preference> preferences(const Headers& headers, std::string_view name);

/// Which of the media types that a server has, the best of them first, the client would rather have.
///
/// Returns: its index in `offers`; 0 where there is no Accept, or none that says anything; nullopt
///          where the client wants none of them: 406.
/// Errors:  ValueError   an offer is no media type.
/// Spec:    RFC 9110 §12.5.1: of the preferences for one type, the most specific one counts.
[[nodiscard]] std::optional<std::size_t> choose_media_type(
    const Headers& headers, std::span<const std::string_view> offers);

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/url_culprit.hpp - what an error may show of a URL.
#pragma once

#include <string>
#include <string_view>

namespace weft::http::internal {

/// The part of `whole` that is at fault, as URLError shows it.
///
/// Who writes `http://user:pass/word@host` means all before the `@` to be secret, but the host of
/// that URL is "user", and "pass" its port. So nothing is shown that an `@` comes behind.
[[nodiscard]] std::string culprit_of(std::string_view whole, std::string_view part);

}  // namespace weft::http::internal

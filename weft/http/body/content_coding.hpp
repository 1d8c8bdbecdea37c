// SPDX-License-Identifier: Apache-2.0
// weft/http/body/content_coding.hpp - which codings a body went through: Content-Encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weft/http/body/coding_error.hpp>
#include <weft/http/headers.hpp>

namespace weft::http {

/// What can be decompressed and compressed here.
/// Spec: RFC 9110 §8.4.1, RFC 7932 (br), RFC 8878 (zstd).
enum class ContentCoding : std::uint8_t { identity, gzip, deflate, br, zstd };

/// Its name in Content-Encoding.
[[nodiscard]] std::string_view name_of(ContentCoding coding) noexcept;

/// The coding of that name, in any case; `x-gzip` is gzip. nullopt where there is none.
[[nodiscard]] std::optional<ContentCoding> find_content_coding(std::string_view name) noexcept;

/// The codings of a message in the order in which they were applied, from all of its
/// Content-Encoding fields; identity, which does nothing, is left out.
///
/// Errors: unknown_coding     one is none of ours; what the body is then, the caller decides.
///         too_many_codings   there are more than `codings_max`.
/// Limits: codings_max, 2: each of them multiplies what a few bytes become.
/// Spec:   RFC 9110 §8.4. aiohttp knows one coding, and takes an unknown one for none.
[[nodiscard]] std::expected<std::vector<ContentCoding>, CodingError> content_codings(
    const Headers& headers, std::size_t codings_max = 2);

/// The value of an Accept-Encoding that asks for these, the first one before the others; for none,
/// `identity`. Without an argument, for all of ours in the order of aiohttp.
/// Spec: RFC 9110 §12.5.3.
[[nodiscard]] std::string accept_encoding(std::span<const ContentCoding> codings);
[[nodiscard]] std::string accept_encoding();

/// Which of the codings that a server has, the best of them first, the client would rather have.
///
/// Returns: identity where there is no Accept-Encoding, since a client that says nothing may know none,
///          and where it wants none of the offers; nullopt where it does not want that either: 406, or
///          the content as it is after all.
/// Spec:    RFC 9110 §12.5.3. Of equal ones the server's first counts, and identity last.
[[nodiscard]] std::optional<ContentCoding> choose_content_coding(
    const Headers& headers, std::span<const ContentCoding> offers);

}  // namespace weft::http

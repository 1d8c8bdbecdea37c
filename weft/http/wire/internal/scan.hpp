// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/internal/scan.hpp - the loops in which a parser spends its time.
//
// All look at 16 bytes at once where there are as many; the table of syntax.hpp says the same of
// the rest, and of processors without SSE2.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <weft/http/syntax.hpp>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft::http::wire::internal {

using http::internal::is_in_class;

#ifdef __SSE2__
// Moves `at` on by 16 bytes at a time, up to the first one that the mask picks.
// Returns whether there was one; where not, fewer than 16 are left.
template <class Mask>
[[nodiscard]] inline bool find_in_blocks(const char*& at, const char* end, Mask mask) noexcept {
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(mask(block)));
        if (found != 0) {
            at += std::countr_zero(found);
            return true;
        }
    }
    return false;
}
#endif

/// The first byte in [at, end) that no value of a header may hold; `end` where there is none.
[[nodiscard]] inline const char* skip_value(const char* at, const char* end) noexcept {
#ifdef __SSE2__
    const auto mask = [](__m128i block) {
        const __m128i last_control = _mm_set1_epi8(0x1f);
        const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(block, last_control), last_control);
        return _mm_or_si128(control, _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
    };
    // A tab, which it may hold, is rare enough to be met one by one.
    while (find_in_blocks(at, end, mask)) {
        if (*at != '\t') return at;
        ++at;
    }
#endif
    while (at != end && is_in_class(*at, http::internal::value_byte)) ++at;
    return at;
}

/// The same of a request's target.
[[nodiscard]] inline const char* skip_target(const char* at, const char* end) noexcept {
#ifdef __SSE2__
    const auto mask = [](__m128i block) {
        // As signed numbers, bytes over 0x7f are below the space.
        const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x21));
        return _mm_or_si128(low, _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)),
                                              _mm_cmpeq_epi8(block, _mm_set1_epi8('#'))));
    };
    if (find_in_blocks(at, end, mask)) return at;
#endif
    while (at != end && is_in_class(*at, http::internal::target_byte)) ++at;
    return at;
}

/// The same of a token. Letters, digits and hyphens, of which nearly all are made, go by in blocks.
[[nodiscard]] inline const char* skip_token(const char* at, const char* end) noexcept {
#ifdef __SSE2__
    const auto mask = [](__m128i block) {
        const auto is_at_most = [](__m128i bytes, char bound) {
            return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(bound)), bytes);
        };
        const __m128i lower = _mm_or_si128(block, _mm_set1_epi8(0x20));
        const __m128i letter = is_at_most(_mm_sub_epi8(lower, _mm_set1_epi8('a')), 'z' - 'a');
        const __m128i digit = is_at_most(_mm_sub_epi8(block, _mm_set1_epi8('0')), '9' - '0');
        const __m128i hyphen = _mm_cmpeq_epi8(block, _mm_set1_epi8('-'));
        const __m128i usual = _mm_or_si128(_mm_or_si128(letter, digit), hyphen);
        return _mm_andnot_si128(usual, _mm_set1_epi8(-1));
    };
    if (find_in_blocks(at, end, mask) && *at == ':') return at;
#endif
    while (at != end && is_in_class(*at, http::internal::token_byte)) ++at;
    return at;
}

/// The first carriage return or line feed in [at, end); `end` where there is none.
[[nodiscard]] inline const char* skip_line(const char* at, const char* end) noexcept {
#ifdef __SSE2__
    const auto mask = [](__m128i block) {
        return _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\r')),
                            _mm_cmpeq_epi8(block, _mm_set1_epi8('\n')));
    };
    if (find_in_blocks(at, end, mask)) return at;
#endif
    while (at != end && *at != '\r' && *at != '\n') ++at;
    return at;
}

}  // namespace weft::http::wire::internal

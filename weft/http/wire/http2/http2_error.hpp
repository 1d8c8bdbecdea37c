// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/http2_error.hpp - H2Error: what a peer has done wrong.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http::wire {

/// What a RST_STREAM or a GOAWAY gives as its reason; a peer may give others.
/// Spec: RFC 9113 §7; the names of h2.errors.ErrorCodes in lower case.
enum class H2Code : std::uint32_t {
    no_error = 0,
    protocol_error = 1,
    internal_error = 2,
    flow_control_error = 3,
    settings_timeout = 4,
    stream_closed = 5,
    frame_size_error = 6,
    refused_stream = 7,
    cancel = 8,
    compression_error = 9,
    connect_error = 10,
    enhance_your_calm = 11,
    inadequate_security = 12,
    http_1_1_required = 13,
};

/// "REFUSED_STREAM"; the number of a code that has no name.
[[nodiscard]] std::string name_of(H2Code code);

enum class H2Problem : std::uint8_t {
    // Of the connection, which is of no more use.
    broken_protocol,
    pushed_stream,
    too_many_continuations,
    too_many_barren_frames,
    // Of one stream, which is reset.
    field_too_long,
    too_many_fields,
    fields_too_long,
    bad_field_name,
    bad_field_value,
    connection_field,
    bad_pseudo_field,
    bad_status,
    missing_status,
    too_many_informational,
    informational_at_end,
    bad_content_length,
    duplicate_content_length,
    body_not_allowed,
    body_too_long,
    cut_off,
    data_before_head,
    forbidden_trailer,
    head_after_head,
};

/// A value without memory of its own, as ParseError.
class H2Error {
public:
    static constexpr std::size_t culprit_bytes_max = 40;

    /// Of the culprit, the beginning is kept.
    H2Error(H2Problem of, H2Code as, std::string_view culprit = {}) noexcept
        : problem(of),
          code(as),
          culprit_size_(static_cast<std::uint8_t>(std::min(culprit.size(), culprit_bytes_max))) {
        std::ranges::copy(culprit.substr(0, culprit_size_), culprit_.begin());
    }

    H2Problem problem;
    H2Code code;  ///< what the peer is told of it
    /// The name of the header at fault, or what libnghttp2 says of a broken protocol: its beginning,
    /// or nothing. Never the value of a header that may be a secret.
    [[nodiscard]] std::string_view culprit() const noexcept {
        return {culprit_.data(), culprit_size_};
    }

private:
    std::array<char, culprit_bytes_max> culprit_{};
    std::uint8_t culprit_size_;
};

/// One line for people: "'Server' is no name of a header, which is a token in lower case".
[[nodiscard]] std::string describe(const H2Error& error);

/// What the peer is told of such a problem: ENHANCE_YOUR_CALM beyond a limit, else PROTOCOL_ERROR.
[[nodiscard]] H2Code code_for(H2Problem problem) noexcept;

}  // namespace weft::http::wire

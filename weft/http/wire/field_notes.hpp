// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/field_notes.hpp - what the fields of a message say about the message itself.
//
// Noted while the fields are read, so that nothing has to be looked up afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {

/// Spec: RFC 9110 §7.2 (Host), §7.6.1 (Connection), §7.8 (Upgrade), §8.6 (Content-Length), §10.1.1
///       (Expect); RFC 9112 §6. Stricter in what a smuggled request needs: a second Content-Length
///       is refused even when it says the same, and a Transfer-Encoding is `chunked` or nothing.
class FieldNotes {
public:
    /// Notes the field if it is one of them.
    /// Returns: what is wrong with it, and then nothing has been noted.
    [[nodiscard]] std::optional<ParseProblem> note(std::string_view name, std::string_view value) {
        // Nearly all fields are none of them, which is seen here without a call.
        const bool may_be_one =
            name.size() < initials.size() && initials[name.size()] == (name.front() | 0x20);
        return may_be_one ? note_one(name, value) : std::nullopt;
    }
    /// From now on, fields that say how a message is framed or where it goes are refused.
    void begin_trailers() noexcept { in_trailers_ = true; }

    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return length_; }
    [[nodiscard]] bool is_chunked() const noexcept { return is_chunked_; }
    [[nodiscard]] bool has_host() const noexcept { return has_host_; }
    /// "close", "keep-alive" or "upgrade" in Connection.
    [[nodiscard]] bool says_close() const noexcept { return says_close_; }
    [[nodiscard]] bool says_keep_alive() const noexcept { return says_keep_alive_; }
    /// "upgrade" in Connection, and an Upgrade to tell to what.
    [[nodiscard]] bool says_upgrade() const noexcept { return says_upgrade_ && has_upgrade_; }
    [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }

private:
    using Note = std::optional<ParseProblem> (FieldNotes::*)(std::string_view value);

    // What the one that has so many letters begins with, in lower case; no two have the same number.
    static constexpr std::string_view initials = "    h eu  c   c  t";

    std::optional<ParseProblem> note_one(std::string_view name, std::string_view value);
    std::optional<ParseProblem> note_host(std::string_view value);
    std::optional<ParseProblem> note_connection(std::string_view value);
    std::optional<ParseProblem> note_upgrade(std::string_view value);
    std::optional<ParseProblem> note_expect(std::string_view value);
    std::optional<ParseProblem> note_content_length(std::string_view value);
    std::optional<ParseProblem> note_transfer_encoding(std::string_view value);

    std::optional<std::uint64_t> length_;
    bool is_chunked_ = false;
    bool has_host_ = false;
    bool has_upgrade_ = false;
    bool says_close_ = false;
    bool says_keep_alive_ = false;
    bool says_upgrade_ = false;
    bool expects_continue_ = false;
    bool in_trailers_ = false;
};

}  // namespace weft::http::wire::internal

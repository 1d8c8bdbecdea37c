// SPDX-License-Identifier: Apache-2.0
// weft/http/body/internal/stage.hpp - Stage: one coding of a chain, member after member.
//
//   between ── the bytes that a member begins with ──▶ member
//     │  ▲                                               │
//     │  ╰──────────────────── its end ──────────────────╯
//     ╰── other bytes ──▶ a fault, or trailing, where such are ignored
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>
#include <weft/http/body/internal/decoder.hpp>

namespace weft::http::internal {

class Stage {
public:
    /// `coding` is not identity.
    Stage(ContentCoding coding, const DecompressorOptions& options);

    /// Takes from the front of `data` and fills `out` from its front, until one of them is empty;
    /// both become what is left of them. Content that came before a fault is in `out`.
    /// Errors: a fault stays one.
    [[nodiscard]] std::expected<void, CodingError> read(std::span<char>& out, BytesView& data);

    [[nodiscard]] ContentCoding coding() const noexcept { return coding_; }
    [[nodiscard]] std::uint64_t produced() const noexcept { return produced_; }
    [[nodiscard]] bool is_complete() const noexcept;
    [[nodiscard]] const std::optional<CodingError>& error() const noexcept { return error_; }

    /// What the stage before it has given and this one has not taken; lies in `buffer`.
    BytesView input;
    std::unique_ptr<char[]> buffer;
    static constexpr std::size_t buffer_bytes = std::size_t{16} * 1024;

private:
    enum class State : std::uint8_t { between, member, trailing };

    std::expected<void, DecodeFault> read_within_limit(std::span<char>& out, BytesView& data);
    std::expected<void, DecodeFault> advance(std::span<char>& out, BytesView& data);
    std::expected<void, DecodeFault> find_member(BytesView& data);
    std::expected<void, DecodeFault> begin_member();
    std::expected<void, DecodeFault> decode(std::span<char>& out, BytesView& data);

    ContentCoding coding_;
    State state_ = State::between;
    bool ignores_trailing_data_;
    std::array<char, 4> head_{};  // the first bytes of a member, until there are enough to tell
    std::size_t head_size_ = 0;
    std::uint64_t bytes_max_;
    std::uint64_t members_max_;
    std::uint64_t produced_ = 0;
    std::uint64_t members_ = 0;
    std::unique_ptr<Decoder> decoder_;
    std::optional<CodingError> error_;
};

}  // namespace weft::http::internal

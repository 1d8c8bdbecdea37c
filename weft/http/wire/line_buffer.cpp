// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/line_buffer.hpp>

#include <cstddef>
#include <optional>

#include <weft/base/bytes.hpp>

namespace weft::http::wire::internal {
namespace {

constexpr std::size_t idle_bytes_max = 256;
constexpr std::size_t line_break_bytes = 2;

}  // namespace

std::optional<BytesView> LineBuffer::take(BytesView& data, std::size_t bytes_max) {
    if (is_taken_) {
        pieces_.clear();
        is_taken_ = false;
    }
    BytesView part = data.substr(0, bytes_max + line_break_bytes - pieces_.size());
    const std::size_t line_feed = part.find('\n');
    if (line_feed != BytesView::npos) part = part.substr(0, line_feed + 1);
    data.remove_prefix(part.size());
    if (line_feed != BytesView::npos && pieces_.empty()) return part;

    pieces_.append(part);
    if (line_feed != BytesView::npos) {
        is_taken_ = true;
        return pieces_;
    }
    if (pieces_.size() == bytes_max + line_break_bytes) return std::nullopt;
    return BytesView();
}

void LineBuffer::clear() noexcept {
    pieces_.clear();
    is_taken_ = false;
    if (pieces_.capacity() > idle_bytes_max) Bytes().swap(pieces_);
}

}  // namespace weft::http::wire::internal

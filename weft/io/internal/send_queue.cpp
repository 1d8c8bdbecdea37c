// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/send_queue.hpp>

#include <cstddef>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {

SendQueue::~SendQueue() {
    while (!pieces_.empty()) drop_first();
}

void SendQueue::append(BytesView data) {
    while (!data.empty()) {
        const std::size_t room = room_in_last();
        const BytesView part = data.substr(0, room > 0 ? room : piece_bytes_max);
        if (room > 0) {
            pieces_.back().bytes.append(part);
        } else {
            Ref<SendPiece> piece(new SendPiece);
            piece->bytes = part;
            pieces_.push_back(*piece.leak());
        }
        size_ += part.size();
        data.remove_prefix(part.size());
    }
}

std::size_t SendQueue::room_in_last() const noexcept {
    const bool is_first = pieces_.empty() || &pieces_.front() == &pieces_.back();
    return is_first ? 0 : piece_bytes_max - pieces_.back().bytes.size();
}

BytesView SendQueue::next() const noexcept {
    return pieces_.empty() ? BytesView() : BytesView(pieces_.front().bytes).substr(taken_);
}

void SendQueue::give_next_to(IoOperation& operation) const noexcept {
    Bytes& bytes = pieces_.front().bytes;
    operation.buffer = reinterpret_cast<std::byte*>(bytes.data() + taken_);
    operation.length = bytes.size() - taken_;
}

void SendQueue::pop(std::size_t bytes) noexcept {
    taken_ += bytes;
    size_ -= bytes;
    if (next().empty()) drop_first();
}

void SendQueue::drop_first() noexcept {
    pieces_.pop_front()->release();
    taken_ = 0;
}

}  // namespace weft::internal

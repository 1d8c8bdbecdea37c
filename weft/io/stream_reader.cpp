// SPDX-License-Identifier: Apache-2.0
#include <weft/io/stream_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {
namespace {

using internal::ReceiveWait;
using Buffer = Ref<internal::ReceiveBuffer>;

constexpr std::size_t first_stretch = 256;

constexpr const char* found_too_late = "Separator is found, but chunk is longer than limit";
constexpr const char* not_found_in_time = "Separator is not found, and chunk exceed the limit";

// A search for a separator, which goes on where it was when more has come.
class Search {
public:
    enum class State { found, found_too_late, not_found_in_time, needs_more };

    State look(const internal::ReceiveBuffer& in, const Separators& separators) {
        const BytesView text = in.view();
        // Somebody may have taken bytes while this waited.
        const std::uint64_t read = in.position();
        const std::size_t from = position_ > read ? static_cast<std::size_t>(position_ - read) : 0;
        if (const auto match = separators.find(text, from)) {
            begin = match->begin;
            end = match->end;
            return begin > in.limit() ? State::found_too_late : State::found;
        }
        // All of a separator but its last byte may be there.
        begin = text.size() + 1 - std::min(separators.longest(), text.size() + 1);
        position_ = read + begin;
        return begin > in.limit() ? State::not_found_in_time : State::needs_more;
    }

    std::size_t begin = 0;  // so many bytes are before the separator, as far as is known
    std::size_t end = 0;    // of the separator that was found

private:
    std::uint64_t position_ = 0;  // before it, no separator begins
};

// Nothing more will come after an error.
void raise_error_of(const internal::ReceiveBuffer& in) {
    if (in.error()) std::rethrow_exception(in.error());
}

Coro<Bytes> read_some(Buffer in, std::size_t n) {
    co_await transparent;
    while (in->size() == 0 && !in->eof()) {
        raise_error_of(*in);
        co_await in->more(ReceiveWait::read);
    }
    co_return in->take(std::min(n, in->size()));
}

Coro<BytesView> see_some(Buffer in) {
    co_await transparent;
    while (in->size() == 0 && !in->eof()) {
        raise_error_of(*in);
        co_await in->more(ReceiveWait::read);
    }
    co_return in->view();
}

Coro<Bytes> read_all(Buffer in) {
    co_await transparent;
    // What has come stays in the stream until the end has: an error or a cancellation loses none.
    while (!in->eof()) {
        raise_error_of(*in);
        co_await in->more(ReceiveWait::read);
    }
    co_return in->take(in->size());
}

Coro<Bytes> read_exactly(Buffer in, std::ptrdiff_t count) {
    co_await transparent;
    if (count < 0) throw ValueError("readexactly size can not be less than zero");
    const auto n = static_cast<std::size_t>(count);
    while (in->size() < n) {
        if (in->eof()) throw IncompleteReadError(in->take(in->size()), n);
        raise_error_of(*in);
        co_await in->more(ReceiveWait::readexactly);
    }
    co_return in->take(n);
}

Coro<Bytes> read_until(Buffer in, Separators separators) {
    co_await transparent;
    separators.check();
    Search search;
    for (;;) {
        switch (search.look(*in, separators)) {
            case Search::State::found:
                co_return in->take(search.end);
            case Search::State::found_too_late:
                throw LimitOverrunError(found_too_late, search.begin);
            case Search::State::not_found_in_time:
                throw LimitOverrunError(not_found_in_time, search.begin);
            case Search::State::needs_more:
                break;
        }
        if (in->eof()) throw IncompleteReadError(in->take(in->size()), std::nullopt);
        raise_error_of(*in);
        co_await in->more(ReceiveWait::readuntil);
    }
}

Coro<Bytes> read_line(Buffer in) {
    co_await transparent;
    const Separators newline("\n");
    Search search;
    for (;;) {
        switch (search.look(*in, newline)) {
            case Search::State::found:
                co_return in->take(search.end);
            case Search::State::found_too_late:
                in->drop(search.end);
                throw ValueError(found_too_late);
            case Search::State::not_found_in_time:
                in->drop(in->size());
                throw ValueError(not_found_in_time);
            case Search::State::needs_more:
                break;
        }
        if (in->eof()) co_return in->take(in->size());
        raise_error_of(*in);
        co_await in->more(ReceiveWait::readline);
    }
}

Coro<std::optional<Bytes>> next_line(Buffer in) {
    co_await transparent;
    Bytes line = co_await read_line(std::move(in));
    if (line.empty()) co_return std::nullopt;
    co_return std::optional<Bytes>(std::move(line));
}

Coro<Bytes> nothing() { co_return Bytes(); }

std::size_t checked_limit(std::ptrdiff_t limit) {
    if (limit <= 0) throw ValueError("Limit cannot be <= 0");
    return static_cast<std::size_t>(limit);
}

}  // namespace

Separators::Separators(std::string_view one) : any_{std::string(one)} {}

Separators::Separators(std::initializer_list<std::string_view> any) : any_(any.begin(), any.end()) {
    std::ranges::sort(any_, {}, &std::string::size);
}

Separators::Separators(std::vector<std::string> any) : any_(std::move(any)) {
    std::ranges::sort(any_, {}, &std::string::size);
}

void Separators::check() const {
    if (any_.empty()) throw ValueError("Separator should contain at least one element");
    if (any_.front().empty()) throw ValueError("Separator should be at least one-byte string");
}

// In stretches, each twice as long as the one before: a separator that is not there would otherwise
// be looked for in all that has come, once for each match of another.
std::optional<Separators::Match> Separators::find(BytesView text, std::size_t at) const {
    std::optional<Match> first;
    for (std::size_t stretch = first_stretch; !first; stretch *= 2) {
        const bool all = text.size() - std::min(at, text.size()) <= stretch;
        const BytesView part = all ? text : text.substr(0, at + stretch);
        for (const std::string& separator : any_) {
            const std::size_t begin = part.find(separator, at);
            if (begin == BytesView::npos) continue;
            const std::size_t end = begin + separator.size();
            if (!first || end < first->end) first = Match{.begin = begin, .end = end};
        }
        if (all) break;
    }
    return first;
}

StreamReader::StreamReader(std::ptrdiff_t limit)
    : buffer_(new internal::ReceiveBuffer(checked_limit(limit))) {}

Coro<Bytes> StreamReader::read(std::ptrdiff_t n) const {
    if (n == 0) return nothing();
    return n < 0 ? read_all(buffer_) : read_some(buffer_, static_cast<std::size_t>(n));
}

Coro<BytesView> StreamReader::peek() const { return see_some(buffer_); }

void StreamReader::skip(std::size_t n) const {
    check(n <= buffer_->size(), "skip() takes bytes that are there");
    buffer_->drop(n);
}

Coro<Bytes> StreamReader::readexactly(std::ptrdiff_t n) const { return read_exactly(buffer_, n); }

Coro<Bytes> StreamReader::readline() const { return read_line(buffer_); }

Coro<Bytes> StreamReader::readuntil(Separators separators) const {
    return read_until(buffer_, std::move(separators));
}

Coro<std::optional<Bytes>> StreamReader::next() const { return next_line(buffer_); }

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/document.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include <weft/json/internal/exact_parser.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {
namespace {

// simdjson 3.0 takes a low surrogate without a high one before it and makes no UTF-8 of it. Pairs
// it has looked at.
bool holds_lone_low_surrogate(std::string_view text) {
    for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
        if (text[at + 1] != 'u') {
            at += 2;
            continue;
        }
        const char first = static_cast<char>(text[at + 2] | 0x20);
        const char second = static_cast<char>(text[at + 3] | 0x20);
        if (first == 'd' && second >= 'c' && second <= 'f') return true;
        const bool is_pair = first == 'd' && second >= '8';
        at += is_pair ? 12 : 6;
    }
    return false;
}

}  // namespace

class Parsers {
public:
    std::expected<Tape, SyntaxFault> parse(std::string_view text, std::size_t depth_max);
    [[nodiscard]] std::size_t capacity() const { return fast_.capacity(); }

private:
    bool parse_fast(std::string_view text, std::size_t depth_max);

    simdjson::dom::parser fast_;
    ExactParser exact_;
    std::size_t depth_max_ = 0;
};

std::expected<Tape, SyntaxFault> Parsers::parse(std::string_view text, std::size_t depth_max) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    const std::size_t mark = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    text.remove_prefix(mark);
    if (parse_fast(text, depth_max) && !holds_lone_low_surrogate(text)) {
        const std::uint64_t* const words = fast_.doc.tape.get();
        return Tape{words, reinterpret_cast<const char*>(fast_.doc.string_buf.get()), words + 1};
    }
    std::expected<Tape, SyntaxFault> parsed = exact_.parse(text, depth_max);
    if (!parsed) parsed.error().at += mark;
    return parsed;
}

bool Parsers::parse_fast(std::string_view text, std::size_t depth_max) {
    constexpr std::size_t smallest = 1024;
    if (text.size() > fast_.capacity() || depth_max != depth_max_) {
        const std::size_t capacity = std::max({text.size(), 2 * fast_.capacity(), smallest});
        if (fast_.allocate(capacity, depth_max) != simdjson::SUCCESS) throw std::bad_alloc();
        depth_max_ = depth_max;
    }
    // It reads beyond the end of a text, so it makes a copy with room behind.
    constexpr bool copies = true;
    return fast_.parse(text.data(), text.size(), copies).error() == simdjson::SUCCESS;
}

namespace {

// What the last document of this thread left.
thread_local std::unique_ptr<Parsers> spare;

}  // namespace

Document::Document() : parsers_(std::move(spare)) {
    if (!parsers_) parsers_ = std::make_unique<Parsers>();
}

Document::~Document() {
    if (parsers_->capacity() <= kept_bytes_max) spare = std::move(parsers_);
}

std::expected<Tape, SyntaxFault> Document::parse(std::string_view text, std::size_t depth_max) {
    return parsers_->parse(text, depth_max);
}

}  // namespace weft::json::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/delimiter_search.hpp>

#include <algorithm>
#include <cstddef>

#include <weft/base/bytes.hpp>

namespace weft::http::internal {

BytesView DelimiterSearch::take(BytesView& data) noexcept {
    is_found_ = false;
    if (held_ > 0) {
        const BytesView content = go_on(data);
        if (!content.empty() || is_found_ || held_ > 0) return content;
    }
    const std::size_t at = data.find(delimiter_);
    if (at != BytesView::npos) {
        is_found_ = at == 0;
        const BytesView content = data.substr(0, at);
        data.remove_prefix(is_found_ ? delimiter_.size() : at);
        return content;
    }
    const std::size_t last = data.rfind('\r');
    if (last != BytesView::npos && BytesView(delimiter_).starts_with(data.substr(last))) {
        held_ = data.size() - last;
    }
    const BytesView content = data.substr(0, data.size() - held_);
    data = {};
    return content;
}

// Returns what turned out to be content of what was held.
BytesView DelimiterSearch::go_on(BytesView& data) noexcept {
    const BytesView awaited = BytesView(delimiter_).substr(held_);
    const auto differs = std::ranges::mismatch(awaited, data).in1 - awaited.begin();
    const auto same = static_cast<std::size_t>(differs);
    data.remove_prefix(same);
    held_ += same;
    is_found_ = held_ == delimiter_.size();
    if (data.empty() && !is_found_) return {};
    const BytesView content =
        is_found_ ? BytesView() : BytesView(delimiter_).substr(0, held_).substr(before_);
    held_ = before_ = 0;
    return content;
}

}  // namespace weft::http::internal

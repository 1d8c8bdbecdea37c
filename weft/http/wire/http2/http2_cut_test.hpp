// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/http2_cut_test.hpp - feeds whole, byte by byte, and cut at every offset, and
// wants the same of each.
#pragma once

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/http2/http2_feed_test.hpp>

namespace weft::http::wire {

/// What becomes of `data` whole, byte by byte and cut at every offset (of much data, at 500 of them);
/// fails the test where that makes a difference.
template <class MakeListener>
std::string heard_however_cut(BytesView data, MakeListener make) {
    H2Listener whole = make();
    whole.feed(data);
    H2Listener bytewise = make();
    bytewise.feed_in_pieces(data, 1);
    EXPECT_EQ(bytewise.text(), whole.text()) << "byte by byte";
    const std::size_t step = 1 + data.size() / 500;
    for (std::size_t cut = 1; cut < data.size(); cut += step) {
        H2Listener pieces = make();
        pieces.feed(Bytes(data.substr(0, cut)));
        pieces.feed(Bytes(data.substr(cut)));
        EXPECT_EQ(pieces.text(), whole.text()) << "cut at " << cut;
    }
    return whole.text();
}

}  // namespace weft::http::wire

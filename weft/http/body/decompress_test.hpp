// SPDX-License-Identifier: Apache-2.0
// weft/http/body/decompress_test.hpp - decompresses whole, byte by byte, and cut at every offset, into
// room of many sizes, and wants the same of each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/compressor.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>

namespace weft::http {

/// What came of a body: its content, and the problem that ended it.
struct Outcome {
    Bytes content;
    std::optional<CodingProblem> problem;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << outcome.content.size() << " bytes '" << outcome.content.substr(0, 40)
               << "', problem " << (outcome.problem ? static_cast<int>(*outcome.problem) : -1);
}

/// Feeds pieces, and takes content in pieces.
class BodyListener {
public:
    BodyListener(std::vector<ContentCoding> codings, const DecompressorOptions& options,
                 std::size_t room)
        : decompressor_(codings, options), room_(room, '\0') {}

    void feed(BytesView data) {
        while (!outcome_.problem) {
            const auto size = decompressor_.decompress_into(room_, data);
            if (!size) {
                outcome_.problem = size.error().problem;
            } else if (*size == 0) {
                EXPECT_TRUE(data.empty()) << "data is left, and no content";
                return;
            } else {
                outcome_.content.append(room_, 0, *size);
            }
        }
    }
    Outcome finish() {
        const auto done = decompressor_.finish();
        EXPECT_EQ(done.has_value(), decompressor_.is_complete() && !outcome_.problem);
        if (!outcome_.problem && !done) outcome_.problem = done.error().problem;
        return std::move(outcome_);
    }

private:
    Decompressor decompressor_;
    Bytes room_;
    Outcome outcome_;
};

inline Outcome decompressed(BytesView data, const std::vector<ContentCoding>& codings,
                            const DecompressorOptions& options = {},
                            std::size_t piece_bytes = Bytes::npos,
                            std::size_t room = std::size_t{64} * 1024) {
    BodyListener listener(codings, options, room);
    while (!data.empty()) {
        const BytesView piece = data.substr(0, piece_bytes);
        data.remove_prefix(piece.size());
        listener.feed(Bytes(piece));  // a copy, so that what outlives a piece is found
    }
    return listener.finish();
}

/// The content may end somewhat earlier before bytes that are corrupt: libraries keep some back.
inline void expect_alike(const Outcome& a, const Outcome& b, const std::string& how) {
    EXPECT_EQ(a.problem, b.problem) << how;
    if (a.problem == CodingProblem::corrupt) {
        const std::size_t size = std::min(a.content.size(), b.content.size());
        EXPECT_EQ(a.content.substr(0, size), b.content.substr(0, size)) << how;
    } else {
        EXPECT_EQ(a.content, b.content) << how;
    }
}

inline Outcome decompressed_however_cut(BytesView data, const std::vector<ContentCoding>& codings,
                                        const DecompressorOptions& options = {}) {
    Outcome whole = decompressed(data, codings, options);
    expect_alike(decompressed(data, codings, options, 1), whole, "byte by byte");
    expect_alike(decompressed(data, codings, options, Bytes::npos, 1), whole, "room of one byte");
    expect_alike(decompressed(data, codings, options, 3, 2), whole, "room of two bytes");
    for (std::size_t cut = 0; cut <= data.size(); ++cut) {
        BodyListener listener(codings, options, 64);
        listener.feed(Bytes(data.substr(0, cut)));
        listener.feed(Bytes(data.substr(cut)));
        expect_alike(listener.finish(), whole, "cut at " + std::to_string(cut));
    }
    return whole;
}

inline Bytes compressed(BytesView content, ContentCoding coding, std::optional<int> level = {}) {
    Compressor compressor(coding, {.level = level});
    Bytes out;
    compressor.compress(out, content);
    compressor.finish(out);
    return out;
}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// Goal:   whatever comes, a body becomes the same however it is cut, within its limits, and what is
//         compressed comes out again.
// Method: the first bytes choose the codings, the limits, the pieces and the room; the rest is fed.
#include <weft/http/body/decompressor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/compressor.hpp>
#include <weft/http/body/content_coding.hpp>

namespace weft::http {
namespace {

struct Choices {
    std::vector<ContentCoding> codings;
    DecompressorOptions options;
    std::size_t piece_bytes;
    std::size_t room;
    std::size_t flush_every;
};

ContentCoding coding_of(unsigned choice) {
    constexpr ContentCoding codings[] = {ContentCoding::gzip, ContentCoding::deflate,
                                         ContentCoding::br, ContentCoding::zstd};
    return codings[choice & 3];
}

Choices choose(std::uint8_t how, std::uint8_t piece, std::uint8_t room) {
    Choices choices{.codings = {coding_of(how)},
                    .options = {},
                    .piece_bytes = piece + std::size_t{1},
                    .room = room + std::size_t{1},
                    .flush_every = piece % 5 + std::size_t{1}};
    if ((how & 4) != 0) choices.codings.push_back(coding_of(how >> 3));
    choices.options.ignore_trailing_data = (how & 32) != 0;
    if ((how & 64) != 0) {
        choices.options.limits = {
            .bytes_max = 100, .ratio_max = 3, .ratio_free_bytes = 20, .members_max = 2};
    }
    return choices;
}

struct Outcome {
    Bytes content;
    std::optional<CodingProblem> problem;
};

// Nothing is claimed of what takes too much memory: it is refused before.
Outcome decompress_in_pieces(BytesView data, const Choices& choices, std::size_t piece_bytes,
                             std::size_t room_bytes) {
    Decompressor decompressor(choices.codings, choices.options);
    const DecompressionLimits& limits = choices.options.limits;
    Outcome outcome;
    Bytes room(room_bytes, '\0');
    std::size_t fed = 0;
    while (!data.empty() && !outcome.problem) {
        const Bytes piece(data.substr(0, piece_bytes));
        data.remove_prefix(piece.size());
        fed += piece.size();
        BytesView left = piece;
        for (;;) {
            const auto size = decompressor.decompress_into(room, left);
            if (!size) outcome.problem = size.error().problem;
            if (!size || *size == 0) break;
            outcome.content.append(room, 0, *size);
            check(outcome.content.size() <= limits.bytes_max, "too much content");
            check(outcome.content.size() <=
                      std::max(limits.ratio_free_bytes, limits.ratio_max * fed) + room_bytes,
                  "too much content for the data");
        }
        check(outcome.problem || left.empty(), "data is left");
    }
    if (const auto done = decompressor.finish(); !done) {
        check(!outcome.problem || outcome.problem == done.error().problem, "another error");
        outcome.problem = done.error().problem;
    } else {
        check(!outcome.problem, "an error that is forgotten");
    }
    return outcome;
}

// Where the ratio is passed depends on the pieces, and so does what a library keeps of the content
// before corrupt data.
void expect_the_same_in_pieces(BytesView data, const Choices& choices) {
    const Outcome whole = decompress_in_pieces(data, choices, Bytes::npos, 4096);
    const Outcome pieces = decompress_in_pieces(data, choices, choices.piece_bytes, choices.room);
    const std::size_t common = std::min(whole.content.size(), pieces.content.size());
    check(whole.content.substr(0, common) == pieces.content.substr(0, common),
          "pieces make other content");
    if (whole.problem == CodingProblem::ratio_exceeded ||
        pieces.problem == CodingProblem::ratio_exceeded) {
        return;
    }
    check(whole.problem == pieces.problem, "pieces make a difference");
    check(whole.problem == CodingProblem::corrupt || whole.content.size() == pieces.content.size(),
          "pieces make more content or less");
}

void expect_it_comes_out_again(BytesView content, const Choices& choices) {
    Bytes data(content);
    for (const ContentCoding coding : choices.codings) {
        Compressor compressor(coding);
        Bytes out;
        std::size_t pieces = 0;
        for (BytesView left = data; !left.empty();) {
            const BytesView piece = left.substr(0, choices.piece_bytes);
            left.remove_prefix(piece.size());
            compressor.compress(out, piece);
            if (++pieces % choices.flush_every == 0) compressor.flush(out);
        }
        compressor.finish(out);
        data = std::move(out);
    }
    Choices usual = choices;
    usual.options = {};
    const Outcome found = decompress_in_pieces(data, usual, choices.piece_bytes, choices.room);
    check(!found.problem && found.content == content, "content is lost");
}

void play(BytesView data) {
    if (data.size() < 3) return;
    const Choices choices =
        choose(static_cast<std::uint8_t>(data[0]), static_cast<std::uint8_t>(data[1]),
               static_cast<std::uint8_t>(data[2]));
    const bool compresses = (static_cast<std::uint8_t>(data[0]) & 128) != 0;
    data.remove_prefix(3);
    if (compresses) {
        expect_it_comes_out_again(data, choices);
    } else {
        expect_the_same_in_pieces(data, choices);
    }
}

}  // namespace
}  // namespace weft::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::play({reinterpret_cast<const char*>(data), size});
    return 0;
}

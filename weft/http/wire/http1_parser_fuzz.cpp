// SPDX-License-Identifier: Apache-2.0
// Goal:   whatever comes, a parser finds the same however it is cut, keeps within its limits, and
//         what it found can be written and read again.
// Method: the first bytes choose the role, the limits and where the rest is cut.
#include <weft/http/wire/http1_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_feed_test.hpp>
#include <weft/http/wire/http1_writer.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/message_parser.hpp>

namespace weft::http::wire {
namespace {

struct Choices {
    bool is_response;
    bool ends;
    Method request;
    Limits limits;
    std::size_t piece_bytes;
};

Choices choose(std::uint8_t how, std::uint8_t piece) {
    constexpr Method::Known requests[] = {Method::get, Method::head, Method::connect, Method::post};
    Choices choices{.is_response = (how & 1) != 0,
                    .ends = (how & 2) != 0,
                    .request = requests[how >> 2 & 3],
                    .limits = {},
                    .piece_bytes = piece == 0 ? std::size_t{1} : piece};
    if ((how & 16) != 0) {
        choices.limits = {.start_line_bytes_max = 40,
                          .field_bytes_max = 30,
                          .fields_max = 4,
                          .fields_bytes_max = 80,
                          .chunk_extension_bytes_max = 10,
                          .informational_max = 2};
    }
    return choices;
}

template <class Make>
void expect_the_same_in_pieces(BytesView data, const Choices& choices, Make make) {
    auto whole = make();
    whole.feed(data);
    if (choices.ends) whole.feed_eof();
    auto pieces = make();
    for (BytesView rest = data; !rest.empty();) {
        const std::size_t size = std::min(choices.piece_bytes, rest.size());
        // A copy of its own, so that a view that outlives what was fed is found.
        pieces.feed(Bytes(rest.substr(0, size)));
        rest.remove_prefix(size);
    }
    if (choices.ends) pieces.feed_eof();
    check(whole.text() == pieces.text(), "pieces make a difference");
    check(whole.taken() == pieces.taken() || whole.error(), "pieces are taken otherwise");
}

template <class Parser>
void expect_that_the_head_can_be_written_and_read(Parser parser_of_it(const Choices&),
                                                  BytesView data, const Choices& choices) {
    Parser parser = parser_of_it(choices);
    const auto step = parser.next(data);
    if (!step || step->event == Event::need_data) return;
    check(parser.head().headers.size() <= choices.limits.fields_max, "too many fields");
    check(step->used <= choices.limits.start_line_bytes_max + choices.limits.fields_bytes_max + 6,
          "too long a head");
    Bytes out;
    write_head(out, parser.head());
    Choices with_usual_limits = choices;
    with_usual_limits.limits = {};
    Parser again = parser_of_it(with_usual_limits);
    const auto read = again.next(out);
    check(read && read->event == step->event && read->used == out.size(), "a head is lost");
    check(text_of(again.head()) == text_of(parser.head()), "a head has changed");
    check(again.keep_alive() == parser.keep_alive() && again.upgrade() == parser.upgrade() &&
              again.body_length() == parser.body_length(),
          "a head means something else");
}

RequestParser request_parser(const Choices& choices) { return RequestParser(choices.limits); }
ResponseParser response_parser(const Choices& choices) {
    return ResponseParser(choices.request, choices.limits);
}

void play(BytesView data) {
    if (data.size() < 2) return;
    const Choices choices =
        choose(static_cast<std::uint8_t>(data[0]), static_cast<std::uint8_t>(data[1]));
    data.remove_prefix(2);
    if (choices.is_response) {
        expect_the_same_in_pieces(data, choices, [&] {
            return Listener<ResponseParser>(choices.request, choices.limits);
        });
        expect_that_the_head_can_be_written_and_read(response_parser, data, choices);
    } else {
        expect_the_same_in_pieces(data, choices,
                                  [&] { return Listener<RequestParser>(choices.limits); });
        expect_that_the_head_can_be_written_and_read(request_parser, data, choices);
    }
}

}  // namespace
}  // namespace weft::http::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::wire::play({reinterpret_cast<const char*>(data), size});
    return 0;
}

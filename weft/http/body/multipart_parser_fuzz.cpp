// SPDX-License-Identifier: Apache-2.0
// Goal:   a multipart body is the same however it is cut, within its limits, and what was found can be
//         written and found again.
// Method: the first bytes choose the limits and where the rest is cut. The boundary is always "b".
#include <weft/http/body/multipart_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_feed_test.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

namespace weft::http {
namespace {

constexpr std::string_view boundary = "b";

void expect_the_same_in_pieces(BytesView body, const MultipartLimits& limits,
                               std::size_t piece_bytes) {
    MultipartListener whole(boundary, limits);
    whole.feed(body);
    whole.finish();
    MultipartListener pieces(boundary, limits);
    for (BytesView rest = body; !rest.empty();) {
        const Bytes piece(rest.substr(0, piece_bytes));
        rest.remove_prefix(piece.size());
        pieces.feed(piece);
    }
    pieces.finish();
    check(whole.text() == pieces.text(), "pieces make a difference");
}

void expect_the_same_field(const Headers& headers) {
    auto field = read_form_field(headers);
    if (!field) return;
    if (field->content_type && !MediaType::parse(*field->content_type)) field->content_type.reset();
    const auto again = read_form_field(write_form_field(*field));
    check(again && again->filename.has_value() == field->filename.has_value(),
          "a field cannot be read again");
}

// Writes each part that is found, as it is found.
Bytes written_again(BytesView body, const MultipartLimits& limits) {
    MultipartParser parser(boundary, limits);
    MultipartWriter writer(boundary);
    Bytes out;
    std::size_t parts = 0;
    for (;;) {
        const auto step = parser.next(body);
        if (!step || step->event == MultipartEvent::need_data) return {};
        body.remove_prefix(step->used);
        if (step->event == MultipartEvent::end) break;
        if (step->event == MultipartEvent::part) {
            check(++parts <= limits.parts_max, "too many parts");
            check(parser.headers().size() <= limits.fields_max, "too many headers");
            writer.begin_part(out, parser.headers());
            expect_the_same_field(parser.headers());
        }
        out += step->content;
    }
    writer.finish(out);
    return out;
}

std::string_view text_before_what_is_dropped(const std::string& text) {
    return std::string_view(text).substr(0, text.rfind('$'));
}

void play(BytesView data) {
    if (data.size() < 2) return;
    MultipartLimits limits;
    if ((data[0] & 1) != 0) {
        limits = {.parts_max = 3, .header_bytes_max = 60, .fields_max = 2, .ignored_bytes_max = 5};
    }
    const std::size_t piece_bytes = static_cast<std::uint8_t>(data[1]) % 100 + std::size_t{1};
    data.remove_prefix(2);
    expect_the_same_in_pieces(data, limits, piece_bytes);

    const Bytes again = written_again(data, limits);
    if (again.empty()) return;
    MultipartListener first(boundary, limits);
    first.feed(data);
    MultipartListener second(boundary);
    second.feed(again);
    const std::string text = first.text();
    const std::string text_again = second.text();
    check(text_before_what_is_dropped(text) == text_before_what_is_dropped(text_again),
          "a body has changed");
}

}  // namespace
}  // namespace weft::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::play({reinterpret_cast<const char*>(data), size});
    return 0;
}

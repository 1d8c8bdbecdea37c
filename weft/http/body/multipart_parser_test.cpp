// SPDX-License-Identifier: Apache-2.0
// Goal:   a body has the parts that its sender meant, and whatever only some would read is refused.
// Method: bodies written by hand; each is fed whole, byte by byte and cut at every offset, and the same
//         must come of each.
#include <weft/http/body/multipart_parser.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_error.hpp>
#include <weft/http/body/multipart_feed_test.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

namespace weft::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using enum MultipartProblem;

MultipartListener listen(BytesView body, const MultipartLimits& limits, std::size_t cut,
                         std::size_t piece_bytes) {
    MultipartListener listener("XX", limits);
    listener.feed(Bytes(body.substr(0, cut)));  // copies, so that what outlives a piece is found
    for (BytesView rest = body.substr(cut); !rest.empty();) {
        const Bytes piece(rest.substr(0, piece_bytes));
        rest.remove_prefix(piece.size());
        listener.feed(piece);
    }
    listener.finish();
    return listener;
}

MultipartListener listen_however_cut(BytesView body, const MultipartLimits& limits = {}) {
    MultipartListener whole = listen(body, limits, 0, Bytes::npos);
    EXPECT_EQ(listen(body, limits, 0, 1).text(), whole.text()) << "byte by byte";
    EXPECT_EQ(listen(body, limits, 0, 3).text(), whole.text()) << "in threes";
    for (std::size_t cut = 1; cut < body.size(); ++cut) {
        EXPECT_EQ(listen(body, limits, cut, Bytes::npos).text(), whole.text()) << "cut at " << cut;
    }
    return whole;
}
std::string parts_in(BytesView body) { return listen_however_cut(body).text(); }
std::optional<MultipartProblem> refusal_of(BytesView body, const MultipartLimits& limits = {}) {
    const auto error = listen_however_cut(body, limits).error();
    return error ? std::optional(error->problem) : std::nullopt;
}
// The content of a part that holds it.
std::string with_content(std::string_view content) {
    return parts_in("--XX\r\n\r\n" + std::string(content) + "\r\n--XX--\r\n");
}
Bytes part_with(std::string_view lines) {
    return "--XX\r\n" + Bytes(lines) + "\r\n\r\n\r\n--XX--\r\n";
}

TEST(Multipart, has_parts_with_headers_and_content) {
    EXPECT_EQ(parts_in("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                       "--XX\r\nB:  c \r\nX:\r\n\r\nx\r\ny\r\n"
                       "--XX--\r\n"),
              "[Content-Disposition=form-data; name=\"a\"]{1}.[B=c X=]{x\r\ny}.$");
}

// RFC 2046 §5.1.1: a part may lack headers, content, or both, which is a blank line or none.
TEST(Multipart, parts_may_be_empty) {
    EXPECT_EQ(parts_in("--XX\r\n\r\n\r\n--XX--"), "[]{}.$");
    EXPECT_EQ(parts_in("--XX\r\n\r\n--XX--"), "[]{}.$");
    EXPECT_EQ(parts_in("--XX\r\nA: b\r\n\r\n--XX--"), "[A=b]{}.$");
    EXPECT_EQ(parts_in("--XX\r\n\r\na\r\n--XX--"), "[]{a}.$");
    EXPECT_EQ(parts_in("--XX\r\n\r\n--XX\r\n\r\n\r\n--XX\r\n\r\n--XX--"), "[]{}.[]{}.[]{}.$");
}

// A form without fields.
TEST(Multipart, body_may_have_no_parts) {
    EXPECT_EQ(parts_in("--XX--"), "$");
    EXPECT_EQ(parts_in("--XX--\r\n"), "$");
}

TEST(Multipart, drops_what_is_around_the_parts) {
    EXPECT_EQ(parts_in("for old\r\nmail\r\n--XX\r\n\r\na\r\n--XX--\r\nthe end\r\n--XX\r\n\r\nb"),
              "[]{a}.$");
    EXPECT_EQ(parts_in("\r\n--XX\r\n\r\na\r\n--XX--"), "[]{a}.$");
    EXPECT_EQ(parts_in("x--XX\r\n--XX--"), "$");
}

TEST(Multipart, content_may_look_much_like_its_end) {
    for (const auto content :
         {"\r"sv, "\n"sv, "\r\n"sv, "\r\n\r\n"sv, "\r\r\r"sv, "\r\n-"sv, "\r\n--"sv, "\r\n--X"sv,
          "\r\n--\r\n--X"sv, "\r\r\n--X\r"sv, "--"sv, "-XX"sv, "\n--XX"sv, "\r--XX"sv, "a--XX--"sv,
          "\r\n--xx"sv, "\r\n--X\0X"sv, "\r\n -XX"sv, "a\r\n--Xb\r\n--X"sv}) {
        EXPECT_EQ(with_content(content), "[]{" + std::string(content) + "}.$");
    }
    EXPECT_EQ(with_content("-"), "[]{-}.$");
}

TEST(Multipart, content_is_any_bytes) {
    Bytes all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(with_content(all), "[]{" + all + "}.$");
}

// CVE-2024-53981 (python-multipart): an event for each byte. CVE-2024-30251 (aiohttp): a loop without
// end. What comes at once is given at once.
TEST(Multipart, content_comes_in_few_pieces) {
    for (const Bytes& content : {Bytes(100'000, '\r'), Bytes(100'000, '-'), Bytes(100'000, '\n')}) {
        MultipartParser parser("XX");
        const Bytes body = "--XX\r\n\r\n" + content + "\r\n--XX--";
        BytesView data = body;
        int steps = 0;
        for (;; ++steps) {
            const auto step = parser.next(data);
            ASSERT_TRUE(step);
            data.remove_prefix(step->used);
            if (step->event == MultipartEvent::end) break;
        }
        EXPECT_LE(steps, 4);
    }
}

// A hundred thousand beginnings of a boundary, none of which is one.
TEST(Multipart, content_like_its_end_takes_no_more_time_than_its_bytes) {
    const Bytes boundary(70, 'b');
    Bytes content;
    while (content.size() < 8'000'000) content += "\r\n--" + boundary.substr(1) + "c";
    MultipartListener listener(boundary);
    listener.feed("--" + boundary + "\r\n\r\n" + content + "\r\n--" + boundary + "--");
    listener.finish();
    EXPECT_EQ(listener.text().size(), content.size() + 6);
}

// The line of a boundary goes on, to some it is content and to others a part.
TEST(Multipart, refuses_a_boundary_that_goes_on) {
    for (const std::string_view behind :
         {"X", " \r\n", "\t\r\n", "\n", "\r\r\n", "-\r\n", "-x", "\rX", "; name=a\r\n"}) {
        EXPECT_EQ(refusal_of("--XX" + Bytes(behind) + "\r\n\r\n"), bad_delimiter) << behind;
        EXPECT_EQ(refusal_of("--XX\r\n\r\na\r\n--XX" + Bytes(behind) + "\r\n\r\n"), bad_delimiter)
            << behind;
    }
}

TEST(Multipart, refuses_headers_that_are_none) {
    for (const auto lines :
         {"no colon"sv, ": value"sv, "A b: c"sv, "A : b"sv, " A: b"sv, "A: b\r\n folded"sv,
          "A: b\nC: d"sv, "A: b\rC: d"sv, "A: b\0"sv, "A\0: b"sv, "A: \x7f"sv, "\xc3\xa9: b"sv,
          "A: b\r\n\tc"sv, "\"A\": b"sv, "\nA: b"sv}) {
        EXPECT_EQ(refusal_of(part_with(lines)), bad_field) << lines;
    }
    EXPECT_EQ(describe(*listen_however_cut(part_with("A b: secret")).error()),
              "'A b' is no header of a part, which is NAME: VALUE");
    EXPECT_EQ(parts_in(part_with("A: \xc3\xa9\tb")), "[A=\xc3\xa9\tb]{}.$");
}

// RFC 7578 §4.7. What is not decoded here would be taken for content.
TEST(Multipart, refuses_a_content_transfer_encoding) {
    for (const std::string_view coding :
         {"base64", "quoted-printable", "x", "", "binary, base64"}) {
        EXPECT_EQ(refusal_of(part_with("content-transfer-encoding: " + Bytes(coding))),
                  transfer_encoding);
    }
    for (const std::string_view coding : {"binary", "8BIT", "7bit"}) {
        EXPECT_EQ(refusal_of(part_with("Content-Transfer-Encoding: " + Bytes(coding))),
                  std::nullopt);
    }
    EXPECT_EQ(refusal_of(part_with("Content-Transfer-Encoding: binary\r\n"
                                   "Content-Transfer-Encoding: base64")),
              transfer_encoding);
}

TEST(Multipart, refuses_a_body_that_is_cut_off_anywhere) {
    const Bytes body = "p\r\n--XX\r\nA: b\r\n\r\ncontent\r\n--XX--";
    for (std::size_t size = 0; size < body.size(); ++size) {
        EXPECT_EQ(refusal_of(body.substr(0, size)), cut_off) << size;
    }
    EXPECT_EQ(refusal_of(body), std::nullopt);
}

TEST(Multipart, refusal_is_for_good) {
    MultipartParser parser("XX");
    EXPECT_EQ(parser.next("--XX\n").error().problem, bad_delimiter);
    EXPECT_EQ(parser.next("--XX\r\n\r\n").error().problem, bad_delimiter);
    EXPECT_EQ(parser.finish().error().problem, bad_delimiter);
}

TEST(Multipart, parts_are_limited) {
    const MultipartLimits two{.parts_max = 2};
    const Bytes part = "--XX\r\n\r\n\r\n";
    EXPECT_EQ(refusal_of(part + part + "--XX--", two), std::nullopt);
    EXPECT_EQ(refusal_of(part + part + part + "--XX--", two), too_many_parts);
    Bytes many;
    for (int count = 0; count < 1001; ++count) many += part;
    MultipartListener listener("XX");
    listener.feed(many);
    EXPECT_EQ(listener.error()->problem, too_many_parts);
}

// CVE-2026-34516 (aiohttp): headers of a part without end.
TEST(Multipart, headers_are_limited) {
    const MultipartLimits limits{.header_bytes_max = 10, .fields_max = 2};
    EXPECT_EQ(refusal_of("--XX\r\nA: 45678\r\n\r\n--XX--", limits), std::nullopt);
    EXPECT_EQ(refusal_of("--XX\r\nA: 456789\r\n\r\n--XX--", limits), headers_too_long);
    EXPECT_EQ(refusal_of("--XX\r\nA: 456789012345", limits), headers_too_long);
    EXPECT_EQ(refusal_of("--XX\r\n" + Bytes(100'0, 'x'), limits), headers_too_long);
    EXPECT_EQ(refusal_of("--XX\r\nA:\r\nB:\r\n\r\n--XX--", limits), std::nullopt);
    EXPECT_EQ(refusal_of("--XX\r\nA:\r\nB:\r\nC:\r\n\r\n--XX--", {.fields_max = 2}),
              too_many_fields);
    MultipartListener usual("XX");
    usual.feed("--XX\r\n" + Bytes(9000, 'x'));
    EXPECT_EQ(usual.error()->problem, headers_too_long);
}

TEST(Multipart, what_is_dropped_is_limited) {
    const MultipartLimits limits{.ignored_bytes_max = 5};
    EXPECT_EQ(refusal_of("12345\r\n--XX--", limits), std::nullopt);
    EXPECT_EQ(refusal_of("123456\r\n--XX--", limits), ignored_too_long);
    EXPECT_EQ(refusal_of("--XX--12345", limits), std::nullopt);
    EXPECT_EQ(refusal_of("--XX--123456", limits), ignored_too_long);
    EXPECT_EQ(refusal_of("123\r\n--XX--456", limits), ignored_too_long);
    MultipartListener usual("XX");
    usual.feed(Bytes(9000, 'x'));
    EXPECT_EQ(usual.error()->problem, ignored_too_long);
}

// The example of multipart_parser.hpp.
TEST(Multipart, example) {
    const std::string boundary = "XX";
    BytesView data = "--XX\r\n\r\nhello\r\n--XX--\r\n";
    Bytes content;
    MultipartParser parser(boundary);
    for (;;) {
        const auto step = parser.next(data);
        if (!step) throw ValueError(describe(step.error()));
        data.remove_prefix(step->used);
        if (step->event == MultipartEvent::content) content += step->content;
        if (step->event == MultipartEvent::end) break;
    }
    EXPECT_EQ(content, "hello");
}

std::expected<std::string, MultipartError> boundary_in(std::string_view content_type) {
    return multipart_boundary(MediaType::parse(content_type).value());
}

TEST(MultipartBoundary, is_that_of_the_media_type) {
    EXPECT_EQ(boundary_in("multipart/form-data; boundary=----WebKitFormBoundaryAb12"),
              "----WebKitFormBoundaryAb12");
    EXPECT_EQ(boundary_in("Multipart/Mixed; charset=x; BOUNDARY=\"a:b/c=(d)'+_,-.?\""),
              "a:b/c=(d)'+_,-.?");
    EXPECT_EQ(boundary_in("multipart/form-data; boundary=" + Bytes(70, 'x')), Bytes(70, 'x'));
}

TEST(MultipartBoundary, refuses_what_cannot_be_one) {
    EXPECT_EQ(boundary_in("text/plain; boundary=x").error().problem, not_multipart);
    EXPECT_EQ(boundary_in("application/x-www-form-urlencoded").error().problem, not_multipart);
    for (const Bytes& parameters :
         {""s, "; boundary=\"\""s, "; boundary=a; boundary=b"s, "; boundary=a; boundary=a"s,
          "; boundary=\"a b\""s, "; boundary=\"a \""s, "; boundary=\"a\\\"b\""s, "; boundary=a*b"s,
          "; boundary=\"a\xc3\xa9\""s, "; boundary=" + Bytes(71, 'x')}) {
        EXPECT_EQ(boundary_in("multipart/form-data" + parameters).error().problem, bad_boundary)
            << parameters;
    }
    EXPECT_THROW(MultipartParser(""), ValueError);
    EXPECT_THROW(MultipartParser("a\r\nb"), ValueError);
    EXPECT_THROW(MultipartParser(Bytes(71, 'x')), ValueError);
}

std::expected<FormField, MultipartError> field_with(std::string_view disposition) {
    return read_form_field({{"Content-Disposition", disposition}});
}

TEST(FormField, has_a_name_and_perhaps_a_file) {
    EXPECT_EQ(field_with("form-data; name=\"a b\""), (FormField{"a b", {}, {}}));
    EXPECT_EQ(read_form_field({{"content-disposition", "FORM-DATA; name=a; filename=\"\""},
                               {"Content-Type", "text/plain"}}),
              (FormField{"a", "", "text/plain"}));
    EXPECT_EQ(field_with("form-data; name=\"\"")->name, "");
    EXPECT_EQ(field_with("form-data; name=\"\xc3\xa9%22\"")->name, "\xc3\xa9%22");
    EXPECT_EQ(field_with("form-data; name=a; filename=\"C:\\x\\y.txt\"")->filename, "C:\\x\\y.txt");
}

// A name that was checked elsewhere by its plain spelling.
TEST(FormField, plain_name_of_a_file_counts_before_the_extended_one) {
    EXPECT_EQ(field_with("form-data; name=a; filename*=utf-8''b.exe; filename=\"a.txt\"")->filename,
              "a.txt");
    EXPECT_EQ(field_with("form-data; name=a; filename*=utf-8''%c3%a9")->filename, "\xc3\xa9");
}

TEST(FormField, refuses_what_is_no_field) {
    EXPECT_EQ(read_form_field({}).error().problem, bad_disposition);
    for (const std::string_view disposition :
         {"", "attachment; name=a", "inline", "name=a", "; name=a"}) {
        EXPECT_EQ(field_with(disposition).error().problem, bad_disposition) << disposition;
    }
    for (const std::string_view disposition :
         {"form-data", "form-data; filename=a", "form-data; name=a; name=b",
          "form-data; name=a; filename=b; filename=c",
          "form-data; name=a; filename*=utf-8''b; filename*=utf-8''c"}) {
        EXPECT_EQ(field_with(disposition).error().problem, bad_name) << disposition;
    }
    EXPECT_EQ(read_form_field({{"Content-Disposition", "form-data; name=a"},
                               {"Content-Disposition", "form-data; name=b"}})
                  .error()
                  .problem,
              bad_name);
}

TEST(FormField, names_are_limited) {
    EXPECT_TRUE(field_with("form-data; name=" + Bytes(1024, 'x')));
    EXPECT_EQ(field_with("form-data; name=" + Bytes(1025, 'x')).error().problem, name_too_long);
    EXPECT_EQ(field_with("form-data; name=a; filename=" + Bytes(1025, 'x')).error().problem,
              name_too_long);
    EXPECT_EQ(field_with("form-data; name=a; filename*=utf-8''" + Bytes(1025, 'x')).error().problem,
              name_too_long);
}

TEST(MultipartError, has_a_line_and_a_status_for_each_problem) {
    for (const MultipartProblem problem :
         {not_multipart, bad_boundary, bad_delimiter, bad_field, transfer_encoding, cut_off,
          bad_disposition, bad_name, too_many_parts, headers_too_long, too_many_fields,
          name_too_long, ignored_too_long}) {
        EXPECT_GT(describe(MultipartError(problem, "x")).size(), 20u);
    }
    EXPECT_EQ(describe(MultipartError(cut_off)), "the body ends before its last boundary");
    EXPECT_EQ(describe(MultipartError(not_multipart, "text/plain")),
              "'text/plain' is no media type of several parts, as multipart/form-data is");
    EXPECT_EQ(status_for(not_multipart), 415);
    EXPECT_EQ(status_for(too_many_parts), 413);
    EXPECT_EQ(status_for(cut_off), 400);
}

}  // namespace
}  // namespace weft::http

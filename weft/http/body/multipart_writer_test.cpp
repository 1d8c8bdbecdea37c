// SPDX-License-Identifier: Apache-2.0
// What multipart bodies are written with: MultipartWriter and FormField.
#include <weft/http/body/multipart_writer.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_parser.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

TEST(FormField, is_read_as_it_was_written) {
    for (const FormField& field :
         {FormField{"a", {}, {}}, FormField{"\xc3\xa9 ;=,'", "b", "image/png"},
          FormField{"", "", "a/b; c=\"d\""}, FormField{"a\tb", R"(\\server\x)", "x/y"}}) {
        // A backslash before another one is an escape to those who read, whatever browsers write.
        FormField expected = field;
        if (expected.filename == R"(\\server\x)") expected.filename = R"(\server\x)";
        EXPECT_EQ(read_form_field(write_form_field(field)), expected);
    }
}

TEST(FormField, name_cannot_end_its_quotes) {
    const FormField field{"a\"; filename=\"b", "c\"; name=\"d", {}};
    EXPECT_EQ(read_form_field(write_form_field(field)),
              (FormField{"a%22; filename=%22b", "c%22; name=%22d", "application/octet-stream"}));
}

TEST(MultipartWriter, tells_the_boundary) {
    const MultipartWriter writer("a:b");
    EXPECT_EQ(writer.content_type(), "multipart/form-data; boundary=\"a:b\"");
    EXPECT_EQ(writer.content_type("mixed"), "multipart/mixed; boundary=\"a:b\"");
    EXPECT_EQ(multipart_boundary(MediaType::parse(writer.content_type()).value()), "a:b");
    EXPECT_THROW((void)writer.content_type("x; y"), ValueError);
}

TEST(MultipartWriter, refuses_what_cannot_be_a_boundary) {
    EXPECT_THROW(MultipartWriter(""), ValueError);
    EXPECT_THROW(MultipartWriter("a\r\n"), ValueError);
    EXPECT_THROW(MultipartWriter(Bytes(71, 'a')), ValueError);
}

TEST(MultipartWriter, is_spent_once_it_is_finished) {
    MultipartWriter writer("XX");
    Bytes out;
    writer.finish(out);
    EXPECT_THROW(writer.finish(out), RuntimeError);
    EXPECT_THROW(writer.begin_part(out, {}), RuntimeError);
    EXPECT_EQ(out, "--XX--\r\n");
}

TEST(MultipartWriter, example) {
    const std::string boundary = "XX";
    Bytes out;
    MultipartWriter writer(boundary);
    writer.begin_part(out, {{"Content-Type", "text/plain"}});
    out += "hello";
    writer.finish(out);
    EXPECT_EQ(out, "--XX\r\nContent-Type: text/plain\r\n\r\nhello\r\n--XX--\r\n");
}

}  // namespace
}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// Forms that are sent: FormData, FormField and MultipartWriter.
#include <weft/http/body/form_data.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_feed_test.hpp>
#include <weft/http/body/multipart_parser.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

// As a client sends it: what stands between the contents, and each content in its place.
Bytes body_of(const FormData& form, std::string_view boundary, BytesView stream = {}) {
    MultipartWriter writer(boundary);
    Bytes out;
    for (const FormData::Item& item : form.items()) {
        writer.begin_part(out, write_form_field(item.field));
        out += item.is_stream ? stream : BytesView(item.content);
    }
    writer.finish(out);
    return out;
}

// RFC 7578 §4, and what browsers send.
TEST(FormData, is_sent_as_browsers_do) {
    FormData form;
    form.add_field("user", "ada");
    form.add_field("photo", "\xff\xd8", {.content_type = "image/jpeg", .filename = "a \"b\".jpg"});
    form.add_field("\xc3\xa9", "x", {.filename = ""});
    EXPECT_TRUE(form.is_multipart());
    const Bytes body =
        "--XX\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a %22b%22.jpg\"\r\n"
        "Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"\xc3\xa9\"; filename=\"\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\nx\r\n"
        "--XX--\r\n";
    EXPECT_EQ(body_of(form, "XX"), body);
    EXPECT_EQ(form.multipart_size("XX"), body.size());
}

TEST(FormData, of_fields_alone_is_urlencoded) {
    FormData form;
    form.add_field("a b", "1&2");
    form.add_field("a b", "\xc3\xa9");
    EXPECT_FALSE(form.is_multipart());
    EXPECT_EQ(form.urlencoded(), "a+b=1%262&a+b=%C3%A9");
    form.add_field("c", "d", {.content_type = "text/plain"});
    EXPECT_TRUE(form.is_multipart());
    EXPECT_THROW((void)form.urlencoded(), RuntimeError);
}

TEST(FormData, size_is_known_if_that_of_each_stream_is) {
    FormData form;
    form.add_field("a", "b");
    form.add_stream("file", 10, {.filename = "x"});
    EXPECT_TRUE(form.is_multipart());
    const Bytes stream(10, 's');
    EXPECT_EQ(form.multipart_size("boundary"), body_of(form, "boundary", stream).size());
    form.add_stream("other", std::nullopt);
    EXPECT_EQ(form.multipart_size("boundary"), std::nullopt);
    EXPECT_EQ(FormData().multipart_size("XX"), "--XX--\r\n"sv.size());
}

TEST(FormData, is_read_as_it_was_made) {
    FormData form;
    form.add_field("a", "\r\n--X\r\n");
    form.add_field("", "");
    form.add_stream("s", std::nullopt, {.content_type = "text/plain; charset=utf-8"});
    MultipartListener listener("XX");
    listener.feed(body_of(form, "XX", "streamed"));
    listener.finish();
    EXPECT_EQ(listener.text(),
              "[Content-Disposition=form-data; name=\"a\"]{\r\n--X\r\n}."
              "[Content-Disposition=form-data; name=\"\"]{}."
              "[Content-Disposition=form-data; name=\"s\" Content-Type=text/plain; charset=utf-8]"
              "{streamed}.$");
}

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

// CVE-2026-34514, CVE-2026-50269 (aiohttp): a name, a file or a type that ends its header.
TEST(FormDataAttacks, names_and_types_cannot_become_headers) {
    FormData form;
    for (const auto text :
         {"a\r\nX-Admin: 1"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, "a\x7f"sv, "a\x1b"sv}) {
        EXPECT_THROW(form.add_field(text, "x"), ValueError);
        EXPECT_THROW(form.add_field("x", "x", {.filename = std::string(text)}), ValueError);
        EXPECT_THROW(form.add_field("x", "x", {.content_type = "text/plain" + std::string(text)}),
                     ValueError);
        EXPECT_THROW(form.add_stream(text, 1), ValueError);
    }
    EXPECT_THROW(form.add_field("x", "x", {.content_type = "text"}), ValueError);
    EXPECT_TRUE(form.items().empty());
    EXPECT_FALSE(form.is_multipart());
}

TEST(FormDataAttacks, name_cannot_end_its_quotes) {
    FormData form;
    form.add_field("a\"; filename=\"b", "x", {.filename = "c\"; name=\"d"});
    MultipartListener listener("XX");
    listener.feed(body_of(form, "XX"));
    EXPECT_EQ(read_form_field(write_form_field(form.items()[0].field)),
              (FormField{"a%22; filename=%22b", "c%22; name=%22d", "application/octet-stream"}));
}

TEST(FormDataAttacks, errors_name_the_culprit) {
    try {
        FormData().add_field("a\nb", "secret");
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_STREQ(error.what(),
                     "the name of a field of a form, 'a\\x0ab', holds a control byte");
    }
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

// The example of multipart_writer.hpp.
TEST(MultipartWriter, example) {
    const std::string boundary = "XX";
    Bytes out;
    MultipartWriter writer(boundary);
    writer.begin_part(out, {{"Content-Type", "text/plain"}});
    out += "hello";
    writer.finish(out);
    EXPECT_EQ(out, "--XX\r\nContent-Type: text/plain\r\n\r\nhello\r\n--XX--\r\n");
}

// The example of form_data.hpp.
TEST(FormData, example) {
    const Bytes jpeg = "\xff\xd8";
    FormData form;
    form.add_field("user", "ada");
    form.add_field("photo", jpeg, {.content_type = "image/jpeg", .filename = "ada.jpg"});
    EXPECT_EQ(form.items().size(), 2u);
}

}  // namespace
}  // namespace weft::http

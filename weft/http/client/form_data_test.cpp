// SPDX-License-Identifier: Apache-2.0
// Forms that are sent: FormData, and the body it makes.
#include <weft/http/client/form_data.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_feed_test.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/temporary_file_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

AsyncGenerator<Bytes> streamed(Bytes all) {
    co_yield "";
    for (const char byte : all) co_yield Bytes(1, byte);
}

struct Sent {
    std::optional<std::uint64_t> size;
    Bytes body;
};
Coro<Sent> sent(const Payload& payload) {
    const auto reader = co_await payload.open();
    Sent all{.size = reader->size(), .body = {}};
    for (;;) {
        const BytesView piece = co_await reader->next();
        if (piece.empty()) break;
        all.body += piece;
    }
    co_await reader->aclose();
    co_return all;
}

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
    const Sent all = run(sent(form.multipart("XX")));
    EXPECT_EQ(all.body, body);
    EXPECT_EQ(all.size, body.size());
}

TEST(FormData, of_fields_alone_is_urlencoded) {
    FormData form;
    form.add_field("a b", "1&2");
    form.add_field("a b", "\xc3\xa9");
    form.add_field("empty", "");
    EXPECT_FALSE(form.is_multipart());
    EXPECT_EQ(form.urlencoded(), "a+b=1%262&a+b=%C3%A9&empty=");
    form.add_field("c", "d", {.content_type = "text/plain"});
    EXPECT_TRUE(form.is_multipart());
    EXPECT_THROW((void)form.urlencoded(), RuntimeError);
}

TEST(FormData, size_is_known_if_that_of_each_content_is) {
    FormData form;
    form.add_field("a", "b");
    form.add_field("file", Payload(streamed(Bytes(40'000, 's')), 40'000), {.filename = "x"});
    EXPECT_TRUE(form.is_multipart());
    const Sent all = run(sent(form.multipart("boundary")));
    EXPECT_EQ(all.size, all.body.size());
    form = {};
    form.add_field("other", Payload(streamed("x")));
    EXPECT_EQ(run(sent(form.multipart("boundary"))).size, std::nullopt);
    EXPECT_EQ(run(sent(FormData().multipart("XX"))).body, "--XX--\r\n");
}

TEST(FormData, is_read_as_it_was_made) {
    FormData form;
    form.add_field("a", "\r\n--X\r\n");
    form.add_field("", "");
    form.add_field("s", Payload(streamed("streamed")),
                   {.content_type = "text/plain; charset=utf-8"});
    const Bytes large(100'000, 'l');
    form.add_field("l", large);
    MultipartListener listener("XX");
    listener.feed(run(sent(form.multipart("XX"))).body);
    listener.finish();
    EXPECT_EQ(listener.text(),
              "[Content-Disposition=form-data; name=\"a\"]{\r\n--X\r\n}."
              "[Content-Disposition=form-data; name=\"\"]{}."
              "[Content-Disposition=form-data; name=\"s\" Content-Type=text/plain; charset=utf-8]"
              "{streamed}.[Content-Disposition=form-data; name=\"l\"]{" +
                  large + "}.$");
}

TEST(FormData, what_is_short_goes_in_one_piece) {
    FormData form;
    for (int i = 0; i < 5; ++i) form.add_field("a", "short", {.filename = "x"});
    run([](const FormData& data) -> Coro<void> {
        const auto reader = co_await data.multipart("XX").open();
        EXPECT_EQ((co_await reader->next()).size(), reader->size());
    }(form));
}

TEST(FormData, can_be_sent_again_if_all_of_it_can) {
    FormData form;
    form.add_field("a", "b", {.filename = ""});
    form.add_field("again", Payload::repeatable([]() -> AsyncGenerator<Bytes> { co_yield "x"; }));
    const Payload payload = form.multipart("XX");
    EXPECT_TRUE(payload.is_repeatable());
    const Bytes body = run(sent(payload)).body;
    EXPECT_NE(body, "");
    EXPECT_EQ(run(sent(payload)).body, body);
    form.add_field("once", Payload(streamed("x")));
    EXPECT_FALSE(form.multipart("XX").is_repeatable());
}

TEST(FormData, a_file_tells_its_name_and_its_size) {
    const TemporaryFile file(Bytes(300'000, 'j'));
    FormData form;
    form.add_field("photo", Payload::file("/pictures/ada.jpg"), {.content_type = "image/jpeg"});
    form.add_field("other", Payload::file(file.path()), {.filename = "b.jpg"});
    EXPECT_EQ(form.items()[0].field.filename, "ada.jpg");
    EXPECT_EQ(form.items()[1].field.filename, "b.jpg");
    FormData sent_twice;
    for (int i = 0; i < 2; ++i) sent_twice.add_field("other", Payload::file(file.path()));
    const Sent all = run(sent(sent_twice.multipart("XX")));
    EXPECT_EQ(all.size, all.body.size());
    EXPECT_GT(all.body.size(), 600'000U);
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
        EXPECT_THROW(form.add_field(text, Payload(streamed("x"))), ValueError);
    }
    EXPECT_THROW(form.add_field("x", "x", {.content_type = "text"}), ValueError);
    EXPECT_TRUE(form.items().empty());
    EXPECT_FALSE(form.is_multipart());
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

// The example of form_data.hpp.
TEST(FormData, example) {
    FormData form;
    form.add_field("user", "ada");
    form.add_field("photo", Payload::file("ada.jpg"), {.content_type = "image/jpeg"});
    EXPECT_EQ(form.items().size(), 2U);
}

}  // namespace
}  // namespace weft::http

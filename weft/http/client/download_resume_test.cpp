// SPDX-License-Identifier: Apache-2.0
// Goal:   what was cut off is fetched on from there, wherever that was, and no file has bytes of two
//         versions.
// Method: a server that answers as a script says; what it was asked is looked at, too. Downloads are cancelled
//         after k turns of the loop, for each k until they have ended by themselves.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/download.hpp>
#include <weft/http/client/download_test.hpp>
#include <weft/http/client/internal/sha256.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {
using namespace std::chrono_literals;

// ---- a file that was cut off

TEST_F(Downloads, go_on_in_the_same_call_as_far_as_attempts_go) {
    const Server server({cut_off("0123456789", 20), part_of(content, 9)});
    EXPECT_EQ(fetch_from(server, three_attempts), "206 from 0 in 2");
    EXPECT_EQ(read(path()), content);
    EXPECT_EQ(names(), only_the_file);
    EXPECT_EQ(server.said(1, "Range"), "bytes=9-");
    EXPECT_EQ(server.said(1, "If-Range"), "\"v1\"");
    EXPECT_EQ(server.said(1, "Accept-Encoding"), "identity");
}

TEST_F(Downloads, go_on_in_the_next_call) {
    const Server server({cut_off("0123456789", 20), part_of(content, 9)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        EXPECT_TRUE((co_await site.fetch()).starts_with("ClientPayloadError: "));
        EXPECT_EQ(names(), only_a_part);
        EXPECT_EQ(read(part()), "0123456789");
        EXPECT_EQ(co_await site.fetch(), "206 from 9 in 1");
        EXPECT_EQ(read(path()), content);
        EXPECT_EQ(names(), only_the_file);
    });
}

// As where the process ended just before the file got its name. 416 would tell nothing of the version.
TEST_F(Downloads, that_lack_only_their_name_ask_for_the_last_byte) {
    const Server server({cut_off(content, 21), part_of(content, 19)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        co_await site.fetch();
        std::string text = read(note());
        text.replace(text.find(":21}") + 1, 2, "20");
        write(note(), text);
        EXPECT_EQ(co_await site.fetch(), "206 from 19 in 1");
    });
    EXPECT_EQ(read(path()), content);
    EXPECT_EQ(server.said(1, "Range"), "bytes=19-");
}

// Three bytes more than there were.
Bytes short_part(std::size_t first) {
    Bytes answer = part_of(content, first);
    answer.resize(answer.size() - (content.size() - first) + 4);
    return answer;
}

TEST_F(Downloads, use_up_their_attempts_and_keep_what_has_come) {
    const Server server({cut_off("0123", 20), short_part(3), short_part(6), short_part(9),
                         short_part(12), part_of(content, 15)});
    with_site(server, three_attempts, [&](const Site& site) -> Coro<void> {
        EXPECT_TRUE((co_await site.fetch()).starts_with("ClientPayloadError: "));
        EXPECT_EQ(server.asked().size(), 3U);
        EXPECT_EQ(read(part()), "0123456789");
        EXPECT_EQ(names(), only_a_part);
        EXPECT_EQ(co_await site.fetch(), "206 from 9 in 3");
        EXPECT_EQ(read(path()), content);
    });
}

TEST_F(Downloads, count_their_requests_and_those_that_failed_together) {
    const Bytes busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    const Server server({busy, cut_off("0123", 20), busy, whole(content)});
    const std::string told = fetch_from(server, three_attempts);
    EXPECT_TRUE(told.starts_with("ClientResponseError: 503")) << told;
    EXPECT_EQ(server.asked().size(), 3U);
    EXPECT_EQ(names(), only_a_part);
}

TEST_F(Downloads, are_limited_by_the_budget_of_the_session) {
    const Server server({cut_off("0123", 20), short_part(3), part_of(content, 6)});
    const SessionOptions options{.retry = {.attempts = 9, .backoff = 0s, .budget_max = 1}};
    EXPECT_TRUE(fetch_from(server, options).starts_with("ClientPayloadError: "));
    EXPECT_EQ(server.asked().size(), 2U);
}

TEST_F(Downloads, have_one_total_for_all_attempts) {
    const Server server({cut_off("0123", 20), part_of(content, 3)});
    const SessionOptions options{.timeout = {.total = 20s},
                                 .retry = {.attempts = 9, .backoff = 1h, .backoff_max = 1h}};
    EXPECT_TRUE(fetch_from(server, options).starts_with("ClientPayloadError: "));
    EXPECT_EQ(server.asked().size(), 1U) << "there is no time left for another one";
    EXPECT_EQ(fetch_from(server, {.timeout = {.total = 0s}}),
              "ServerTimeoutError: the request took longer than its limit total, 0 s");
}

TEST_F(Downloads, name_their_total_and_not_what_was_left_of_it) {
    run_clean([](std::string file) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> {
                co_await client.request();
                client.send(cut_off("0123", 20));
            },
            [](PeerConnection& client) -> Coro<void> { co_await client.stall(); });
        ClientSession session({.timeout = {.total = 1s}, .retry = three_attempts.retry});
        const auto result = co_await as_result(download(session.get(peer.url()), file));
        EXPECT_TRUE(!result && weft::message(result.error()).ends_with("limit total, 1 s"));
        co_await session.close();
        co_await peer.stop();
    }(path()));
    EXPECT_EQ(names(), only_a_part);
}

TEST_F(Downloads, go_on_where_a_server_fell_silent) {
    run_clean([](std::string path) -> Coro<void> {
        const auto silent = [](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(cut_off("0123456789", 20));
            co_await client.stall();
        };
        const auto peer =
            co_await ScriptedPeer::start(silent, silent, [](PeerConnection& client) -> Coro<void> {
                co_await client.request();
                client.send(part_of(content, 9));
            });
        ClientSession session({.timeout = {.sock_read = 500ms}, .retry = three_attempts.retry});
        const auto result = co_await download(session.get(peer.url()), path);
        EXPECT_EQ(result.attempts, 3U);
        EXPECT_EQ(read(path), content);
        co_await session.close();
        co_await peer.stop();
    }(path()));
}

TEST_F(Downloads, ignore_that_the_session_raises_for_a_status_that_they_understand) {
    const Server server(
        {cut_off("0123456789", 20),
         "HTTP/1.1 416 Out\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n",
         whole("01234")});
    const SessionOptions options{.retry = three_attempts.retry, .raise_for_status = true};
    EXPECT_EQ(fetch_from(server, options), "200 from 0 in 3");
    EXPECT_EQ(read(path()), "01234");
}

// ---- what a server may answer to who asks for the rest

struct Answer {
    const char* name;
    Bytes answer;          // to the second request
    std::size_t requests;  // in all
    const Bytes& file;
    Bytes third{};
};

Bytes with_range(const Bytes& range, const Bytes& body, const Bytes& headers = "") {
    return "HTTP/1.1 206 Partial Content\r\n" + headers +
           (range.empty() ? "" : "Content-Range: " + range + "\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<Answer> answers() {
    const Bytes rest = content.substr(9);
    const Bytes empty_416 = "HTTP/1.1 416 Out\r\nContent-Length: 0\r\n\r\n";
    const Bytes chunked =
        "HTTP/1.1 206 OK\r\nContent-Range: bytes 9-19/20\r\n"
        "Transfer-Encoding: chunked\r\n\r\nb\r\n" +
        rest + "\r\n0\r\n\r\n";
    return {
        {"the_rest", part_of(content, 9, "ETag: \"v1\"\r\n"), 2, content},
        {"the_rest_of_who_knows_how_much", with_range("bytes 9-19/*", rest), 2, content},
        {"the_rest_in_chunks", chunked, 2, content},
        {"less_than_the_rest", with_range("bytes 9-11/20", "9ab"), 3, content,
         part_of(content, 11)},
        {"another_version", whole(other, "ETag: \"v2\"\r\n"), 2, other},
        {"all_of_it", whole(content, "ETag: \"v1\"\r\n"), 2, content},
        {"nothing_there", empty_416, 3, other},
        {"nothing_there_as_its_size_tells",
         "HTTP/1.1 416 Out\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n", 3, other},
        {"from_elsewhere", with_range("bytes 8-19/20", "8" + rest), 3, other},
        {"from_behind", with_range("bytes 10-19/20", rest.substr(1)), 3, other},
        {"of_another_size", with_range("bytes 9-20/21", rest + "!"), 3, other},
        {"of_another_tag", part_of(content, 9, "ETag: \"v2\"\r\n"), 3, other},
        {"of_the_same_tag_but_weak", part_of(content, 9, "ETag: W/\"v1\"\r\n"), 3, other},
        {"longer_than_its_range", with_range("bytes 9-18/20", rest), 3, other},
        {"without_a_range", with_range("", rest), 3, other},
        {"several_ranges",
         with_range("", rest, "Content-Type: multipart/byteranges; boundary=b\r\n"), 3, other},
        {"of_another_unit", with_range("lines 9-19/20", rest), 3, other},
        {"coded", part_of(content, 9, "Content-Encoding: gzip\r\n"), 3, other},
    };
}

class RestOfADownload : public Downloads, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(RestOfADownload, is_only_what_follows_of_that_version) {
    const Answer answer = answers()[GetParam()];
    const Server server({cut_off("0123456789", 20), answer.answer,
                         answer.third.empty() ? whole(other) : answer.third});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        co_await site.fetch();
        const std::string told = co_await site.fetch();
        // A part of the rest is a body that was cut off, which without a RetryPolicy is not resumed.
        if (!answer.third.empty()) EXPECT_EQ(co_await site.fetch(), "206 from 11 in 1") << told;
        EXPECT_EQ(read(path()), answer.file) << told;
        EXPECT_EQ(names(), only_the_file);
    });
    EXPECT_EQ(server.asked().size(), answer.requests);
    if (answer.third.empty() && answer.requests == 3) EXPECT_EQ(server.said(2, "Range"), "");
}

INSTANTIATE_TEST_SUITE_P(, RestOfADownload, ::testing::Range<std::size_t>(0, answers().size()),
                         [](const auto& info) { return answers()[info.param].name; });

TEST_F(Downloads, drop_what_goes_on_behind_its_range) {
    const Server server(
        {cut_off("0123456789", 20),
         "HTTP/1.1 206 OK\r\nContent-Range: bytes 9-10/20\r\nTransfer-Encoding: chunked\r\n"
         "\r\n4\r\n9abc\r\n0\r\n\r\n"});
    with_site(server, three_attempts, [&](const Site& site) -> Coro<void> {
        EXPECT_EQ(
            co_await site.fetch(),
            "ClientPayloadError: the body goes on behind the range that its Content-Range tells");
    });
    EXPECT_EQ(names(), Names());
}

// ---- what tells versions apart

struct Validator {
    const char* name;
    Bytes headers;   // of the body that is cut off
    Bytes if_range;  // empty: it cannot be resumed
};

const std::vector<Validator> validators = {
    {"strong_tag", "ETag: \"v1\"\r\n", "\"v1\""},
    {"strong_tag_before_a_date",
     "ETag: \"v1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
     "Date: Sun, 06 Nov 1994 08:49:39 GMT\r\n",
     "\"v1\""},
    {"weak_tag", "ETag: W/\"v1\"\r\n", ""},
    {"tag_without_quotes", "ETag: v1\r\n", ""},
    {"tag_that_no_note_can_hold", "ETag: \"\xff\"\r\n", ""},
    {"date_before_the_answer",
     "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
     "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"date_beside_a_weak_tag",
     "ETag: W/\"v1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
     "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
     "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"date_of_the_same_second",
     "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
    {"date_of_who_does_not_know_the_time", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
    {"no_date_at_all", "Last-Modified: yesterday\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
    {"nothing", "", ""},
};

class ValidatorOfADownload : public Downloads, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(ValidatorOfADownload, is_kept_where_it_is_strong) {
    const Validator& validator = validators[GetParam()];
    const Server server({cut_off("0123456789", 20, validator.headers), part_of(content, 9)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        EXPECT_TRUE((co_await site.fetch()).starts_with("ClientPayloadError: "));
        EXPECT_EQ(names(), validator.if_range.empty() ? Names() : only_a_part);
        co_await site.fetch();
    });
    EXPECT_EQ(server.said(1, "If-Range"), validator.if_range);
    EXPECT_EQ(server.said(1, "Range"), validator.if_range.empty() ? "" : "bytes=9-");
}

INSTANTIATE_TEST_SUITE_P(, ValidatorOfADownload,
                         ::testing::Range<std::size_t>(0, validators.size()),
                         [](const auto& info) { return validators[info.param].name; });

TEST_F(Downloads, compare_the_date_of_a_part) {
    const Bytes now = "Date: Sun, 06 Nov 1994 08:50:00 GMT\r\n";
    const Bytes before = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    const Bytes after = "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
    const Server server(
        {cut_off("0123456789", 20, before + now), part_of(content, 9, after + now), whole(other)});
    EXPECT_EQ(fetch_from(server, three_attempts), "200 from 0 in 3");
    EXPECT_EQ(read(path()), other);
}

// ---- the note

TEST_F(Downloads, of_another_url_do_not_go_on_and_keep_the_old_bytes_until_they_have_new_ones) {
    const Server server({cut_off("0123456789", 20),
                         "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n", part_of(content, 9)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        co_await site.fetch({}, "/file");
        EXPECT_TRUE((co_await site.fetch({}, "/other")).starts_with("ClientResponseError: 404"));
        EXPECT_EQ(server.said(1, "Range"), "");
        EXPECT_EQ(co_await site.fetch({}, "/file"), "206 from 9 in 1");
    });
}

TEST_F(Downloads, say_nothing_secret_in_their_note) {
    const Server server({cut_off("0123456789", 20)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        co_await site.fetch({}, "/file?token=secret");
        EXPECT_EQ(read(note()).find("secret"), Bytes::npos);
        EXPECT_EQ(std::filesystem::status(note()).permissions(),
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    });
}

// As where the process ended while it was written.
TEST_F(Downloads, take_a_note_that_was_cut_off_for_none) {
    std::vector<Bytes> answers;
    for (int i = 0; i < 300; ++i) answers.push_back(cut_off("0123456789", 20));
    const Server server(answers);
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        co_await site.fetch();
        const Bytes text = read(note());
        for (std::size_t size = 0; size < text.size(); ++size) {
            write(note(), text.substr(0, size));
            co_await site.fetch();
            EXPECT_EQ(server.said(server.asked().size() - 1, "Range"), "") << size;
            EXPECT_EQ(read(note()), text);
        }
        for (const char* odd : {"null", "[]", "{}", R"({"url_sha256": 1, "validator": null})"}) {
            write(note(), odd);
            co_await site.fetch();
            EXPECT_EQ(server.said(server.asked().size() - 1, "Range"), "") << odd;
        }
        // Nobody's header is to be written by whoever can write the file.
        std::string attack = text;
        attack.replace(attack.find("\\\"v1"), 2, "\\r\\nX: ");
        write(note(), attack);
        co_await site.fetch();
        EXPECT_EQ(server.said(server.asked().size() - 1, "Range"), "");
        EXPECT_EQ(server.said(server.asked().size() - 1, "X"), "");
    });
}

TEST_F(Downloads, take_the_note_away_with_the_bytes_that_it_was_of) {
    const Server server({cut_off("0123456789", 20), whole(other)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        co_await site.fetch();
        const auto look = [&](const DownloadProgress&) {
            EXPECT_FALSE(std::filesystem::exists(note()));
        };
        EXPECT_EQ(co_await site.fetch({.on_progress = look}), "200 from 0 in 1");
    });
}

TEST_F(Downloads, replace_bytes_of_which_there_is_no_note) {
    write(part(), "ABC");
    EXPECT_EQ(fetch_from(Server({whole(content)})), "200 from 0 in 1");
    EXPECT_EQ(read(path()), content);
    EXPECT_EQ(names(), only_the_file);
}

// ---- cancellation

// A content in versions, of which each connection gets one answer, the first ones cut off.
struct Store {
    Bytes body = Bytes(60'000, '1');
    Bytes tag = "\"v1\"";
    int cuts = 2;

    void change() {
        body = Bytes(40'000, '2');
        tag = "\"v2\"";
    }
    [[nodiscard]] Bytes answer(const Bytes& asked) {
        const std::size_t range = asked.find("Range: bytes=");
        const bool goes_on = range != Bytes::npos && asked.find("If-Range: " + tag) != Bytes::npos;
        const std::size_t first = goes_on ? std::stoul(asked.substr(range + 13)) : 0;
        const Bytes head = "ETag: " + tag + "\r\n";
        Bytes text = first > 0 ? part_of(body, first, head) : whole(body, head);
        if (cuts-- > 0) text.resize(text.size() - (body.size() - first) / 2);
        return text;
    }
};

testing::PeerScript answering_from(std::shared_ptr<Store> store) {
    return [store = std::move(store)](PeerConnection& client) -> Coro<void> {
        const testing::PeerRequest request = co_await client.request();
        client.send(store->answer(request.head));
    };
}

Coro<bool> cancelled_after(int turns, Task<DownloadResult> task) {
    for (int turn = 0; turn < turns && !task.done(); ++turn) co_await sleep(Nanoseconds::zero());
    const bool cancels = task.cancel();
    while (!task.done()) co_await sleep(Nanoseconds::zero());
    EXPECT_TRUE(task.cancelled() || !task.exception()) << weft::describe(task.exception());
    co_return cancels;
}

// Whether it was cancelled before it had ended.
Coro<bool> cancel_and_go_on(int turns, std::string path) {
    const auto store = std::make_shared<Store>();
    const auto peer = co_await ScriptedPeer::start(answering_from(store));
    const Bytes before = store->body;
    ClientSession session({.retry = {.attempts = 9, .backoff = Nanoseconds::zero()}});
    const DownloadOptions options{.sha256 = internal::sha256_of(before), .sync = true};
    const bool was_cancelled = co_await cancelled_after(
        turns, create_task(download(session.get(peer.url()), path, options)));
    const bool is_there = std::filesystem::exists(path);
    if (is_there) EXPECT_EQ(Downloads::read(path), before);
    EXPECT_EQ(session.connector().in_use(), 0U);

    if (turns % 2 == 1) store->change();
    const auto result = co_await download(session.get(peer.url()), path);
    EXPECT_EQ(Downloads::read(path), store->body);
    EXPECT_EQ(result.size, store->body.size());
    EXPECT_FALSE(std::filesystem::exists(path + ".part"));
    EXPECT_FALSE(std::filesystem::exists(path + ".part.json"));
    co_await session.close();
    co_await peer.stop();
    co_return was_cancelled;
}

TEST_F(Downloads, are_never_torn_and_lose_nothing_wherever_they_are_cancelled) {
    constexpr int turns_max = 1'000'000;
    // Most turns pass while a thread writes: from some on, a part of them is enough.
    constexpr int each_up_to = 200;
    bool was_cancelled = true;
    int turns = 0;
    int cancelled = 0;
    for (; was_cancelled && turns < turns_max; turns += 1 + std::max(0, turns - each_up_to) / 20) {
        run_clean([](int at, std::string to, bool& was) -> Coro<void> {
            was = co_await cancel_and_go_on(at, std::move(to));
        }(turns, path(), was_cancelled));
        if (HasFailure()) FAIL() << "cancelled after " << turns << " turns";
        EXPECT_EQ(names(), only_the_file);
        std::filesystem::remove(path());
        ++cancelled;
    }
    EXPECT_LT(turns, turns_max);
    RecordProperty("turns", turns);
    RecordProperty("cancelled", cancelled);
}

}  // namespace
}  // namespace weft::http

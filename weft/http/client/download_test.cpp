// SPDX-License-Identifier: Apache-2.0
// Goal:   a file gets its name when it is whole, and where that fails what was there before is as it was.
// Method: a server that answers as a script says; system calls fail on demand.
#include <weft/http/client/download_test.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/download.hpp>
#include <weft/http/client/internal/sha256.hpp>
#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/system_faults.hpp>

namespace weft::http {
namespace {

using testing::Call;
using testing::SystemFaults;
using testing::Threads;

// ---- a file that is fetched whole

TEST_F(Downloads, get_their_name_when_they_are_whole) {
    write(path(), "old");
    const Server server({whole(content, "ETag: \"v1\"\r\n")});
    std::vector<std::uint64_t> seen;
    const auto look = [&](const DownloadProgress& progress) {
        seen.push_back(progress.bytes);
        EXPECT_EQ(progress.total, content.size());
        EXPECT_EQ(read(path()), "old");
        EXPECT_EQ(read(part()).size(), progress.bytes);
    };
    EXPECT_EQ(fetch_from(server, {}, {.sync = true, .on_progress = look}), "200 from 0 in 1");
    EXPECT_EQ(seen.front(), 0U);
    EXPECT_EQ(seen.back(), content.size());
    EXPECT_EQ(read(path()), content);
    EXPECT_EQ(names(), only_the_file);
    EXPECT_EQ(server.said(0, "Accept-Encoding"), "identity");
    EXPECT_EQ(server.said(0, "Range"), "");
}

TEST_F(Downloads, may_be_of_no_bytes_and_of_no_known_length) {
    EXPECT_EQ(fetch_from(Server({whole("")})), "200 from 0 in 1");
    EXPECT_EQ(read(path()), "");
    const Server chunked(
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"});
    EXPECT_EQ(fetch_from(chunked), "200 from 0 in 1");
    EXPECT_EQ(read(path()), "abc");
    EXPECT_EQ(names(), only_the_file);
}

TEST_F(Downloads, hold_what_a_server_codes_unasked_and_are_not_resumed_then) {
    const Bytes coded = gzipped(content);
    const Bytes headers = "ETag: \"v1\"\r\nContent-Encoding: gzip\r\n";
    EXPECT_EQ(fetch_from(Server({whole(coded, headers)})), "200 from 0 in 1");
    EXPECT_EQ(read(path()), content);
    std::filesystem::remove(path());
    const Bytes half = coded.substr(0, coded.size() / 2);
    const Server server({cut_off(half, coded.size(), headers), whole(coded, headers)});
    EXPECT_EQ(fetch_from(server, three_attempts), "200 from 0 in 2");
    EXPECT_EQ(read(path()), content);
    EXPECT_EQ(server.said(1, "Range"), "");
}

TEST_F(Downloads, tell_a_status_that_is_none_of_a_file_and_leave_nothing) {
    write(path(), "old");
    for (const std::string status : {"404 Not Found", "204 No Content", "206 Partial Content"}) {
        const Server server({"HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n"});
        const std::string told = fetch_from(server);
        EXPECT_TRUE(told.starts_with("ClientResponseError: " + status.substr(0, 3))) << told;
        EXPECT_EQ(names(), only_the_file);
        EXPECT_EQ(read(path()), "old");
    }
}

TEST_F(Downloads, are_limited) {
    const std::string text = "ClientPayloadError: the body is longer than bytes_max, 19 bytes";
    EXPECT_EQ(fetch_from(Server({whole(content)}), three_attempts, {.bytes_max = 19}), text);
    EXPECT_EQ(names(), Names());
    EXPECT_EQ(fetch_from(Server({cut_off("0", 20)}), {}, {.bytes_max = 19}), text)
        << "it is known before the bytes come";
    const Server chunked(
        {"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\n"
         "14\r\n" +
         content + "\r\n0\r\n\r\n"});
    EXPECT_EQ(fetch_from(chunked, three_attempts, {.bytes_max = 19}), text);
    EXPECT_EQ(names(), Names());
    EXPECT_EQ(fetch_from(Server({whole(content)}), {}, {.bytes_max = 20}), "200 from 0 in 1");
}

TEST_F(Downloads, are_compared_with_a_digest) {
    // FIPS 180-4: that of "abc".
    const std::string right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(internal::sha256_of("abc"), right);
    const Server server({whole("abc"), whole("abd", "ETag: \"v1\"\r\n")});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        std::string in_capitals = right;
        for (char& c : in_capitals) c = static_cast<char>(std::toupper(c));
        EXPECT_EQ(co_await site.fetch({.sha256 = in_capitals}), "200 from 0 in 1");
        const std::string told = co_await site.fetch({.sha256 = right});
        EXPECT_TRUE(told.starts_with("ClientPayloadError: the SHA-256 of the file is a52d159f"))
            << told;
        EXPECT_EQ(names(), only_the_file);
        EXPECT_EQ(read(path()), "abc");
        for (const std::string& bad : {std::string(), right.substr(1), "x" + right.substr(1)}) {
            EXPECT_TRUE(
                (co_await site.fetch({.sha256 = bad})).starts_with("ValueError: the SHA-256 '"));
        }
    });
    EXPECT_EQ(server.asked().size(), 2U);
}

TEST_F(Downloads, refuse_requests_that_are_no_download) {
    run_clean([](std::string path) -> Coro<void> {
        ClientSession session;
        const auto error_of = [&](RequestBuilder request) -> Coro<std::string> {
            const auto result = co_await as_result(download(std::move(request), path));
            co_return result ? "none" : weft::describe(result.error());
        };
        EXPECT_EQ(co_await error_of(session.post("http://a/")),
                  "ValueError: a download is a GET, not a POST");
        for (const char* name : {"Range", "If-Range"}) {
            const std::string told = co_await error_of(session.get("http://a/").header(name, "x"));
            EXPECT_TRUE(told.starts_with("ValueError: the header " + std::string(name) + " "))
                << told;
        }
        co_await session.close();
    }(path()));
    EXPECT_EQ(names(), Names());
}

TEST_F(Downloads, do_not_replace_what_is_no_file) {
    std::filesystem::create_directory(path());
    EXPECT_TRUE(fetch_from(Server({})).starts_with("IsADirectoryError: "));
    std::filesystem::remove(path());
    std::filesystem::create_symlink("/dev/null", path());
    EXPECT_TRUE(fetch_from(Server({})).starts_with("FileExistsError: "));
    EXPECT_EQ(names(), only_the_file);
}

TEST_F(Downloads, to_one_file_are_one_at_a_time) {
    const Server server({whole(content)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        const auto [first, second] = co_await gather(site.fetch(), site.fetch());
        // Which one is first, threads decide.
        const std::string refused =
            "BlockingIOError: [Errno 11] another download writes to '" + part() + "'";
        EXPECT_EQ(std::min(first, second), "200 from 0 in 1");
        EXPECT_EQ(std::max(first, second), refused);
    });
    EXPECT_EQ(names(), only_the_file);
}

// ---- the disk

TEST_F(Downloads, keep_what_there_was_room_for) {
    const Server server({whole(content, "ETag: \"v1\"\r\n"), part_of(content, 9)});
    with_site(server, three_attempts, [&](const Site& site) -> Coro<void> {
        {
            SystemFaults full(Threads::all);
            full.on(Call::write, {.bytes_max = 10, .of_files = true});
            full.on(Call::write, {.error = ENOSPC, .first = 2, .of_files = true});
            EXPECT_EQ(co_await site.fetch(),
                      "OSError: [Errno 28] No space left on device: '" + part() + "'");
        }
        EXPECT_EQ(names(), only_a_part);
        EXPECT_EQ(read(part()), "0123456789");
        EXPECT_EQ(co_await site.fetch(), "206 from 9 in 1");
        EXPECT_EQ(read(path()), content);
    });
}

TEST_F(Downloads, fail_where_the_disk_does_and_leave_the_old_file) {
    const struct {
        Call call;
        bool has_part;  // of nobody knows what
        Names left;
    } cases[] = {
        {Call::fsync, false, only_a_part},
        {Call::rename, false, only_a_part},
        {Call::ftruncate, true, {}},
    };
    for (const auto& [call, has_part, left] : cases) {
        if (has_part) write(part(), "old");
        const Server server({whole(content, "ETag: \"v1\"\r\n")});
        with_site(server, {}, [&](const Site& site) -> Coro<void> {
            SystemFaults faults(Threads::all);
            faults.on(call, {.error = EIO, .of_files = true});
            const std::string told = co_await site.fetch({.sync = true});
            EXPECT_TRUE(told.starts_with("OSError: [Errno 5]")) << told;
            EXPECT_EQ(faults.met(), 1);
        });
        EXPECT_EQ(names(), left);
        std::filesystem::remove(part());
        std::filesystem::remove(note());
    }
}

// What was cut to nothing, ext4 writes to the disk when it is closed, which is on the loop.
TEST_F(Downloads, do_not_cut_what_is_empty) {
    const Server server({whole(content)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        SystemFaults faults(Threads::all);
        faults.on(Call::ftruncate, {.error = EIO, .of_files = true});
        EXPECT_EQ(co_await site.fetch({}), "200 from 0 in 1");
        EXPECT_EQ(faults.met(), 0);
    });
}

// A write that went on when nobody waits for it could meet those of the next download.
TEST_F(Downloads, wait_for_the_disk_when_they_are_cancelled) {
    const Server server({whole(content, "ETag: \"v1\"\r\n")});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        std::atomic<bool> writes = false;
        std::atomic<bool> may_go_on = false;
        const SystemFaults of_the_loop;  // whose calls do not wait for those of the threads
        SystemFaults of_threads(Threads::all);
        of_threads.on(Call::write, {.of_files = true, .meanwhile = [&] {
                                        writes = true;
                                        may_go_on.wait(false);
                                    }});
        const Task<DownloadResult> task =
            create_task(download(site.session.get(site.peer.url()), path()));
        while (!writes) co_await sleep(Nanoseconds::zero());
        task.cancel();
        for (int turn = 0; turn < 20; ++turn) co_await sleep(Nanoseconds::zero());
        EXPECT_FALSE(task.done());
        may_go_on = true;
        may_go_on.notify_all();
        while (!task.done()) co_await sleep(Nanoseconds::zero());
        EXPECT_TRUE(task.cancelled());
    });
    EXPECT_EQ(names(), only_a_part);
    EXPECT_EQ(read(part()), content);
}

// ---- download_to()

TEST_F(Downloads, of_a_response_are_decompressed) {
    const Server server({whole(gzipped(content), "Content-Encoding: gzip\r\n"), whole(content)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        std::optional<std::uint64_t> total;
        const auto look = [&](const DownloadProgress& progress) { total = progress.total; };
        {
            auto response = co_await site.session.get(site.peer.url());
            EXPECT_EQ(co_await response.download_to(path(), {.on_progress = look}), content.size());
            EXPECT_EQ(total, std::nullopt) << "nobody knows what it becomes";
        }
        EXPECT_EQ(read(path()), content);
        auto response = co_await site.session.get(site.peer.url());
        EXPECT_EQ(co_await response.download_to(path(), {.on_progress = look}), content.size());
        EXPECT_EQ(total, content.size());
        EXPECT_EQ(names(), only_the_file);
    });
}

TEST_F(Downloads, of_a_response_leave_nothing_where_they_fail) {
    write(path(), "old");
    const Server server({cut_off("0123456789", 20), whole(content), whole(content)});
    with_site(server, {}, [&](const Site& site) -> Coro<void> {
        const auto fetch = [&](DownloadOptions options) -> Coro<std::string> {
            auto response = co_await site.session.get(site.peer.url());
            auto saving = response.download_to(path(), std::move(options));
            const auto result = co_await as_result(std::move(saving));
            co_return result ? "none" : weft::describe(result.error());
        };
        EXPECT_TRUE((co_await fetch({})).starts_with("http::ClientPayloadError: "));
        EXPECT_EQ(co_await fetch({.bytes_max = 5}),
                  "http::ClientPayloadError: the body is longer than bytes_max, 5 bytes");
        EXPECT_TRUE((co_await fetch({.sha256 = std::string(64, '0')}))
                        .starts_with("http::ClientPayloadError: the SHA-256 of the file is "));
        EXPECT_EQ(names(), only_the_file);
        EXPECT_EQ(read(path()), "old");
    });
}

// The examples of the documentation.
TEST_F(Downloads, are_written_like_this) {
    run_clean([](const std::string& folder) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(testing::answering(whole(content)));
        const std::string url = peer.url();
        const auto old = std::filesystem::current_path();
        std::filesystem::current_path(folder);
        ClientSession session;
        co_await download(session.get(url), "debian.iso");
        {
            auto response = co_await session.get(url);
            response.raise_for_status();
            co_await response.download_to("page.html");
        }
        std::filesystem::current_path(old);
        co_await session.close();
        co_await peer.stop();
    }(path().substr(0, path().rfind('/'))));
    EXPECT_EQ(names(), (Names{"debian.iso", "page.html"}));
}

}  // namespace
}  // namespace weft::http

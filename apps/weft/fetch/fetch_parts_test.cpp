// SPDX-License-Identifier: Apache-2.0
// What of `weft fetch` neither waits nor prints: lists of URLs, names of files, reports.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <apps/weft/fetch/file_names.hpp>
#include <apps/weft/fetch/options.hpp>
#include <apps/weft/fetch/progress.hpp>
#include <apps/weft/fetch/report.hpp>
#include <apps/weft/fetch/result.hpp>
#include <apps/weft/fetch/url_list.hpp>
#include <apps/weft/process.hpp>
#include <gtest/gtest.h>

#include <weft/http/url.hpp>

namespace weft::app {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using http::URL;

// ---- lists

std::string urls_in(std::string_view list) {
    UrlList urls;
    urls.add_list(list, "list");
    std::string text;
    for (const URL& url : std::move(urls).finish()) text += url.to_string() + " ";
    return text;
}

std::string error_of(std::string_view list) {
    try {
        return "none, but " + urls_in(list);
    } catch (const UsageError& error) {
        return error.what();
    }
}

TEST(UrlList, has_a_url_a_line_in_any_system_s_form) {
    EXPECT_EQ(urls_in("http://a/\nhttp://b/"), "http://a/ http://b/ ");
    EXPECT_EQ(urls_in("\xef\xbb\xbfhttp://a/\r\n\r\n  http://b/ \t\r\n"), "http://a/ http://b/ ");
    EXPECT_EQ(urls_in("# a comment\n#http://x/\n\n   # another\nhttp://a/#here\n\n\n"),
              "http://a/ ");
    EXPECT_EQ(urls_in("HTTP://A:80\nhttps://ü.example/ü"),
              "http://a/ https://xn--tda.example/%C3%BC ");
}

TEST(UrlList, has_each_url_once) {
    EXPECT_EQ(urls_in("http://a/\nhttp://b/\nhttp://a\nhttp://a/#x\n"), "http://a/ http://b/ ");
}

TEST(UrlList, names_each_line_that_is_no_url) {
    EXPECT_EQ(error_of("http://a/\nexample.com/x\n\nftp://a/\nws://b/\n"),
              "list, line 2: 'example.com/x' has no scheme, such as https://, and no URL to be "
              "relative to\n"
              "list, line 4: the scheme 'ftp' is none of http, https, ws, wss\n"
              "list, line 5: the scheme 'ws' is none of http, https");
    EXPECT_EQ(error_of("http://a/ http://b/\n"),
              "list, line 1: a URL holds no ' ': percent-encode white space and control bytes");
    EXPECT_EQ(error_of("http://a/\0b\n"s),
              "list, line 1: a URL holds no '\\x00': percent-encode white space and control bytes");
    EXPECT_EQ(error_of("http://a/" + std::string(100'000, 'x')),
              "list, line 1: a URL of 100009 bytes is longer than URL::bytes_max");
    EXPECT_EQ(error_of(std::string(1'000'000, 'x')).substr(0, 40),
              "list, line 1: a URL of 1000000 bytes is ");
    EXPECT_EQ(error_of("\xff\xfeh\0t\0"s).substr(0, 14), "list, line 1: ");
}

TEST(UrlList, names_ten_and_counts_the_rest) {
    std::string list;
    for (int i = 0; i < 12; ++i) list += "x\n";
    const std::string error = error_of(list);
    EXPECT_NE(error.find("line 10: "), std::string::npos);
    EXPECT_EQ(error.find("line 11: "), std::string::npos);
    EXPECT_TRUE(error.ends_with("\n… and 2 more")) << error;
}

TEST(UrlList, is_not_to_be_empty) {
    EXPECT_EQ(error_of("\n# nothing\n"), "no URLs: name some, or a list of them with --from FILE");
}

TEST(UrlList, tells_no_password) {
    for (const char* text : {"http://me:secret@host:x/", "htp://me:secret@host/",
                             "//me:secret@host/", "http://me:secret@ho st/"}) {
        EXPECT_EQ(error_of(text).find("secret"), std::string::npos) << error_of(text);
    }
}

TEST(UrlList, tells_why_it_cannot_be_read) {
    try {
        static_cast<void>(read_list("/nowhere/urls.txt"));
        FAIL() << "it was read";
    } catch (const UsageError& error) {
        EXPECT_EQ(error.what(), "--from /nowhere/urls.txt: No such file or directory"s);
    }
    EXPECT_THROW(static_cast<void>(read_list("/")), UsageError);
}

// ---- names

std::string name_of(std::string_view path) {
    return file_name_of(URL("http://a/" + std::string(path)));
}

TEST(FileName, is_the_last_part_of_the_path) {
    EXPECT_EQ(name_of("b/c.iso"), "c.iso");
    EXPECT_EQ(name_of("b/c.iso?x=/y#z"), "c.iso");
    EXPECT_EQ(name_of("a%20b%C3%BC.txt"), "a bü.txt");
    EXPECT_EQ(name_of(""), "index.html");
    EXPECT_EQ(name_of("b/"), "index.html");
    EXPECT_EQ(name_of("?x"), "index.html");
}

TEST(FileName, leads_nowhere_else) {
    EXPECT_EQ(name_of("..%2f..%2fetc%2fpasswd"), "_._.._etc_passwd");
    EXPECT_EQ(name_of("%2e%2e%2f"), "_._");
    EXPECT_EQ(name_of("a%5c..%5cb"), "a_.._b");
    EXPECT_EQ(name_of(".bashrc"), "_bashrc");
    EXPECT_EQ(name_of("%2Ebashrc"), "_bashrc");
    EXPECT_EQ(name_of("..."), "_..");
    EXPECT_EQ(name_of("-rf"), "_rf");
    EXPECT_EQ(name_of("%20x%20"), "_x_");
    EXPECT_EQ(name_of("a%00b"), "a_b");
}

TEST(FileName, does_nothing_to_a_terminal) {
    EXPECT_EQ(name_of("%1b%5b31m%0a%7f"), "_[31m__");
    EXPECT_EQ(name_of("a%ff%c3b%c0%afc"), "a__b__c") << "no UTF-8";
    EXPECT_EQ(name_of("%c2%9b31m%c2%a0"), "_31m\xc2\xa0")
        << "a control of Latin-1 is one of Unicode";
    EXPECT_EQ(name_of("a%e2%80%aegpj.exe"), "a_gpj.exe") << "right to left";
    EXPECT_EQ(name_of("%e2%81%a6%e2%80%8b%e2%80%a8%ef%bb%bf%e2%82%ac"), "____€");
    EXPECT_EQ(name_of("a%d8%9c%c2%ad%f3%a0%81%81b"), "a___b") << "no width";
}

TEST(FileName, is_none_of_a_file_that_is_not_whole) {
    EXPECT_EQ(name_of("a.part"), "a.part_");
    EXPECT_EQ(name_of("a.part.json"), "a.part.json_");
}

TEST(FileName, is_cut_before_its_extension_and_between_characters) {
    const std::string long_name = name_of(std::string(300, 'x') + ".tar.gz");
    EXPECT_EQ(long_name.size(), file_name_bytes_max);
    EXPECT_TRUE(long_name.ends_with("xx.gz")) << long_name;
    std::string umlauts;
    for (int i = 0; i < 150; ++i) umlauts += "%C3%BC";
    for (const char* before : {"", "x"}) {
        const std::string name = name_of(before + umlauts + ".txt");
        EXPECT_LE(name.size(), file_name_bytes_max);
        EXPECT_GE(name.size(), file_name_bytes_max - 1);
        EXPECT_TRUE(name.ends_with("ü.txt")) << name;
    }
    EXPECT_EQ(name_of("x." + std::string(300, 'y')).size(), file_name_bytes_max);
}

TEST(FileNames, are_each_given_once) {
    FileNames names;
    EXPECT_EQ(names.take("a.tar.gz"), "a.tar.gz");
    EXPECT_EQ(names.take("a.tar.gz"), "a.tar-2.gz");
    EXPECT_EQ(names.take("a.tar.gz"), "a.tar-3.gz");
    EXPECT_EQ(names.take("a.tar-2.gz"), "a.tar-2-2.gz");
    EXPECT_EQ(names.take("b"), "b");
    EXPECT_EQ(names.take("b-2"), "b-2");
    EXPECT_EQ(names.take("b"), "b-3");
    EXPECT_EQ(names.take(".x"), ".x");
    EXPECT_EQ(names.take(".x"), ".x-2");
}

// ---- arguments

std::string error_of(FetchArguments arguments) {
    if (arguments.urls.empty()) arguments.urls = {"http://a/"};
    try {
        static_cast<void>(read_arguments(arguments));
        return "none";
    } catch (const UsageError& error) {
        return error.what();
    }
}

TEST(FetchArguments, are_named_where_they_make_no_sense) {
    EXPECT_EQ(error_of(FetchArguments{.headers = {"A: b", "Bearer secret"}}),
              "--header: number 2 has no colon; 'Name: value' was expected");
    EXPECT_EQ(error_of(FetchArguments{.headers = {"range: bytes=1-"}}),
              "--header: range is for weft to say");
    for (const char* header : {"A b: secret", ": secret", "A: secret\r\nB: c"}) {
        const std::string error = error_of(FetchArguments{.headers = {header}});
        EXPECT_TRUE(error.starts_with("--header: ")) << error;
        EXPECT_EQ(error.find("secret"), std::string::npos) << error;
    }
    EXPECT_EQ(error_of(FetchArguments{.proxy = "ftp://p/"}),
              "--proxy: a URL of http, socks5 or socks5h was expected, with a host; got ftp://p/");
    EXPECT_EQ(error_of(FetchArguments{.proxy = "p:1"}).substr(0, 9), "--proxy: ");
    EXPECT_EQ(error_of(FetchArguments{.proxy = "http://p:99999"}),
              "--proxy: the port '99999' is not a number from 0 to 65535");
    EXPECT_EQ(error_of(FetchArguments{.urls = {"http://a/", "http://b/"}, .name = "x"}),
              "--name: there are 2 URLs, not one");
    for (const char* name : {"a/b", "..", "."}) {
        EXPECT_EQ(error_of(FetchArguments{.name = name}).substr(0, 8), "--name: ");
    }
    EXPECT_EQ(error_of(FetchArguments{.out = "\xff", .json = true}),
              "--out: '\\xff' is no UTF-8, which JSON is written in");
}

// ---- reports

TEST(Report, has_numbers_that_people_read) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(999), "999 B");
    EXPECT_EQ(format_bytes(1000), "1.00 kB");
    EXPECT_EQ(format_bytes(9'994), "9.99 kB");
    EXPECT_EQ(format_bytes(9'996), "10.0 kB");
    EXPECT_EQ(format_bytes(99'960), "100 kB");
    EXPECT_EQ(format_bytes(999'499), "999 kB");
    EXPECT_EQ(format_bytes(999'500), "1.00 MB");
    EXPECT_EQ(format_bytes(~std::uint64_t{0}), "18.4 EB");
    EXPECT_EQ(format_seconds(0.004), "0.00 s");
    EXPECT_EQ(format_seconds(9.996), "10.0 s");
    EXPECT_EQ(format_seconds(59.96), "1 min 00 s");
    EXPECT_EQ(format_seconds(3725), "62 min 05 s");
}

std::vector<FetchResult> some_results() {
    return {
        {.url = "http://a/x",
         .host = "a",
         .file = "x",
         .status = 200,
         .bytes = 2000,
         .received = 2000,
         .attempts = 1,
         .seconds = 1},
        {.url = "http://a/y",
         .host = "a",
         .file = "y",
         .status = 404,
         .seconds = 3,
         .error = "404 Not Found"},
        {.url = "http://b:81/z",
         .host = "b:81",
         .file = "z",
         .status = 206,
         .bytes = 5000,
         .received = 1000,
         .resumed_from = 4000,
         .attempts = 2,
         .seconds = 0.5},
        {.url = "http://a/w",
         .host = "a",
         .file = "w",
         .bytes = 1500,
         .received = 1500,
         .seconds = 2,
         .error = "cut \"off\""},
        {.url = "http://a/v", .host = "a", .file = "v", .skipped = true},
    };
}

TEST(Report, has_a_line_for_each) {
    std::string text;
    for (const FetchResult& result : some_results()) text += as_line(result) + "\n";
    EXPECT_EQ(text,
              "ok      x  2.00 kB in 1.00 s  http://a/x\n"
              "FAILED  http://a/y: 404 Not Found\n"
              "ok      z  5.00 kB in 0.50 s, resumed at 4.00 kB  http://b:81/z\n"
              "FAILED  http://a/w: cut \"off\" (1.50 kB kept in w.part)\n"
              "there   v  http://a/v\n");
}

TEST(Report, has_a_table_by_host) {
    const auto results = some_results();
    EXPECT_EQ(as_table({.results = results, .urls = 6, .seconds = 3}),
              "HOST  URLS  STATUS                           BYTES  TIME MEAN     MAX\n"
              "a        4  200, 404, error, skipped       3.50 kB     2.00 s  3.00 s\n"
              "b:81     1  206                            1.00 kB     0.50 s  0.50 s\n"
              "all      5  200, 206, 404, error, skipped  4.50 kB     1.62 s  3.00 s\n"
              "\n3 of 6 there, 2 failed, 4.50 kB in 3.00 s\n");
}

TEST(Report, is_json_for_programs) {
    const auto results = some_results();
    EXPECT_EQ(
        as_json(results[0]),
        R"({"type":"result","url":"http://a/x","file":"x","part":null,"status":200,"bytes":2000,)"
        R"("received":2000,"resumed_from":0,"attempts":1,"seconds":1.0,"skipped":false,"error":null})"
        "\n");
    EXPECT_EQ(
        as_json(results[3]),
        R"({"type":"result","url":"http://a/w","file":null,"part":"w.part","status":null,"bytes":1500,)"
        R"("received":1500,"resumed_from":0,"attempts":null,"seconds":2.0,"skipped":false,)"
        R"("error":"cut \"off\""})"
        "\n");
    EXPECT_EQ(
        as_json({.results = std::span(results).subspan(2, 1),
                 .urls = 2,
                 .seconds = 3,
                 .interrupted = true}),
        R"({"type":"summary","urls":2,"ok":1,"failed":0,"skipped":0,"received":1000,"seconds":3.0,)"
        R"("interrupted":true,"hosts":[{"host":"b:81","urls":1,"ok":1,"failed":0,"skipped":0,)"
        R"("statuses":{"206":1},"received":1000,"seconds_mean":0.5,"seconds_max":0.5}]})"
        "\n");
}

TEST(Progress, names_as_many_files_as_there_is_room_for) {
    const ProgressState state{.urls = 100,
                              .ended = 12,
                              .failed = 1,
                              .received = 34'500'000,
                              .seconds = 10,
                              .coming = {{.name = "big.iso", .bytes = 45, .total = 100},
                                         {.name = "ü", .bytes = 1200},
                                         {.name = std::string(30, 'x')}}};
    const std::string all = "12/100  1 failed  34.5 MB  3.45 MB/s  big.iso 45 %  ü 1.20 kB  " +
                            std::string(24, 'x') + "… 0 B";
    EXPECT_EQ(format_progress(state, 200), all);
    EXPECT_EQ(format_progress(state, 62), all.substr(0, all.find("  xx")));
    EXPECT_EQ(format_progress(state, 60), all.substr(0, all.find("  ü")));
    EXPECT_EQ(format_progress({.urls = 1}, 80), "0/1  0 B");
}

// A reason phrase is the server's choice, and JSON takes nothing but UTF-8.
TEST(Printable, is_visible_utf8_whatever_it_is_made_of) {
    EXPECT_EQ(printable("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
              "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    for (const char* text : {"\xed\xa0\x80", "\xe0\x80\x80", "\xf0\x80\x82\x9b", "\xf4\x90\x80\x80",
                             "\xc0\xaf", "\xff", "\xc3", "\x1b"}) {
        EXPECT_EQ(printable(text), std::string(std::string_view(text).size(), '?')) << text;
    }
    EXPECT_EQ(printable("not \xe2\x80\xae"
                        "fdp.exe"),
              "not ?fdp.exe")
        << "right to left";
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "?31m");
}

}  // namespace
}  // namespace weft::app

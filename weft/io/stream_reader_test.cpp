// SPDX-License-Identifier: Apache-2.0
#include <weft/io/stream_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <exception>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::ended;
using testing::spin;
using testing::thrown_by;
using testing::Trace;
using testing::VirtualLoop;

StreamReader fed(std::initializer_list<BytesView> pieces, std::ptrdiff_t limit = 1024) {
    StreamReader reader(limit);
    for (const BytesView piece : pieces) reader.feed_data(piece);
    return reader;
}

StreamReader ended_after(std::initializer_list<BytesView> pieces, std::ptrdiff_t limit = 1024) {
    StreamReader reader = fed(pieces, limit);
    reader.feed_eof();
    return reader;
}

// What a coroutine gives or throws, as text.
std::string outcome(Coro<Bytes> coro) {
    VirtualLoop loop;
    try {
        return loop.run(std::move(coro));
    } catch (...) {
        return describe(std::current_exception());
    }
}

Coro<void> feed_later(StreamReader reader, std::vector<Bytes> pieces, bool end = true) {
    for (const Bytes& piece : pieces) {
        co_await spin();
        reader.feed_data(piece);
    }
    co_await spin();
    if (end) reader.feed_eof();
}

// ---- read

// STR-01
TEST(StreamReader, reads_what_there_is_up_to_n) {
    const StreamReader reader = fed({"abc"});
    EXPECT_EQ(outcome(reader.read(0)), "");
    EXPECT_EQ(outcome(reader.read(2)), "ab");
    EXPECT_EQ(outcome(reader.read(10)), "c");
}

TEST(StreamReader, shows_what_there_is_without_taking_it) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const StreamReader reader = fed({"hello"});
        EXPECT_EQ(co_await reader.peek(), "hello");
        reader.skip(2);
        EXPECT_EQ(co_await reader.peek(), "llo");
        reader.skip(3);
        const auto feeding = create_task(feed_later(reader, {"more"}));
        EXPECT_EQ(co_await reader.peek(), "more");
        EXPECT_EQ(co_await reader.read(), "more");
        EXPECT_EQ(co_await reader.peek(), "") << "the end";
        co_await feeding;
        const StreamReader failed = fed({"x"});
        failed.set_exception(std::make_exception_ptr(ConnectionResetError("gone")));
        EXPECT_EQ(co_await failed.peek(), "x") << "what came before the error";
        failed.skip(1);
        EXPECT_THROW((void)co_await failed.peek(), ConnectionResetError);
    }());
}

TEST(StreamReader, hands_on_what_it_was_fed_as_a_whole) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const StreamReader reader;
        Bytes much(100'000, 'm');
        const char* const place = much.data();
        reader.feed_whole(std::move(much));
        Bytes read = co_await reader.read(200'000);
        EXPECT_EQ(read.data(), place) << "was copied";
        EXPECT_EQ(read, Bytes(100'000, 'm'));
        reader.feed_data("ab");
        EXPECT_EQ(co_await reader.read(1), "a");
        reader.feed_whole("cd");
        reader.feed_whole("");
        EXPECT_EQ(co_await reader.read(10), "bcd");
        reader.feed_whole("ef");
        EXPECT_EQ(co_await reader.readexactly(1), "e");
        reader.feed_eof();
        EXPECT_THROW(reader.feed_whole("g"), RuntimeError);
        EXPECT_EQ(co_await reader.read(), "f");
    }());
}

TEST(StreamReader, keeps_no_memory_once_all_is_read) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const StreamReader reader;
        reader.feed_data(Bytes(100'000, 'm'));
        const char* const place = reader.buffered().data();
        for (int i = 0; i < 10; ++i) co_await reader.readexactly(10'000);
        reader.feed_data("a");  // which needs none
        EXPECT_NE(reader.buffered().data(), place);
    }());
}

TEST(StreamReader, takes_what_is_appended_be_it_before_an_error) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const StreamReader reader;
        const auto reading = create_task(reader.read(10));
        co_await spin();
        reader.feed_by([](Bytes& bytes) { bytes.reserve(5000); });
        co_await spin(3);
        EXPECT_FALSE(reading.done()) << "nothing was appended";
        const auto half = [](Bytes& bytes) {
            bytes += "abc";
            throw OSError("the rest is broken");
        };
        EXPECT_THROW(reader.feed_by(half), OSError);
        EXPECT_EQ(co_await reading, "abc");
        reader.feed_data("defg");
        EXPECT_EQ(co_await reader.read(3), "def");
        reader.feed_by([](Bytes& bytes) { bytes += "h"; });
        EXPECT_EQ(co_await reader.read(10), "gh");
        reader.feed_eof();
        EXPECT_THROW(reader.feed_by([](Bytes&) {}), RuntimeError);
    }());
}

TEST(StreamReader, reads_to_the_end_without_n) {
    VirtualLoop loop;
    const StreamReader reader(4);  // far below what comes
    const auto feeder = loop.loop().create_task(feed_later(reader, {"one ", "two ", "three"}));
    EXPECT_EQ(loop.run(reader.read()), "one two three");
    EXPECT_EQ(loop.run(reader.read()), "");
    EXPECT_EQ(loop.run(reader.read(5)), "");
    EXPECT_TRUE(feeder.done());
}

TEST(StreamReader, is_at_the_end_when_all_was_read) {
    const StreamReader reader = fed({"x"});
    EXPECT_FALSE(reader.at_eof());
    reader.feed_eof();
    EXPECT_FALSE(reader.at_eof());
    EXPECT_EQ(outcome(reader.read(1)), "x");
    EXPECT_TRUE(reader.at_eof());
}

TEST(StreamReader, keeps_every_octet) {
    Bytes all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    EXPECT_EQ(outcome(ended_after({all}).read()), all);
}

TEST(StreamReader, refuses_data_after_the_end_and_a_limit_that_admits_nothing) {
    const StreamReader reader = ended_after({});
    EXPECT_EQ(thrown_by([&] { reader.feed_data("x"); }),
              "RuntimeError: feed_data() after feed_eof()");
    EXPECT_EQ(thrown_by([] { StreamReader(0); }), "ValueError: Limit cannot be <= 0");
    EXPECT_EQ(thrown_by([] { StreamReader(-1); }), "ValueError: Limit cannot be <= 0");
}

// ---- readline

// STR-02
TEST(StreamReader, reads_lines_and_what_is_left_without_a_newline) {
    const StreamReader reader = ended_after({"one\ntw", "o\n\nrest"});
    EXPECT_EQ(outcome(reader.readline()), "one\n");
    EXPECT_EQ(outcome(reader.readline()), "two\n");
    EXPECT_EQ(outcome(reader.readline()), "\n");
    EXPECT_EQ(outcome(reader.readline()), "rest");
    EXPECT_EQ(outcome(reader.readline()), "");
}

// STR-03
TEST(StreamReader, drops_a_line_over_the_limit_and_keeps_the_next) {
    const StreamReader whole = fed({"123456\nok\n"}, 3);
    EXPECT_EQ(outcome(whole.readline()),
              "ValueError: Separator is found, but chunk is longer than limit");
    EXPECT_EQ(whole.buffered(), "ok\n");
    const StreamReader part = fed({"123456"}, 3);
    EXPECT_EQ(outcome(part.readline()),
              "ValueError: Separator is not found, and chunk exceed the limit");
    EXPECT_EQ(part.buffered(), "");
    EXPECT_EQ(outcome(fed({"123\n"}, 3).readline()), "123\n") << "the limit itself is allowed";
}

// STR-21
Coro<void> collect_lines(StreamReader reader, Trace& trace) {
    while (const auto line = co_await reader.next()) trace(*line);
}
TEST(StreamReader, iterates_over_lines) {
    VirtualLoop loop;
    Trace trace;
    loop.run(collect_lines(ended_after({"a\nb", "\nc"}), trace));
    EXPECT_EQ(trace.text(), "a\n, b\n, c");
}

// ---- readuntil

// STR-04
TEST(StreamReader, says_what_there_was_when_the_end_comes_before_a_separator) {
    const StreamReader reader = ended_after({"partial"});
    VirtualLoop loop;
    try {
        static_cast<void>(loop.run(reader.readuntil("\r\n")));
        FAIL();
    } catch (const IncompleteReadError& error) {
        EXPECT_EQ(error.partial(), "partial");
        EXPECT_EQ(error.expected(), std::nullopt);
        EXPECT_STREQ(error.what(), "7 bytes read on a total of undefined expected bytes");
    }
    EXPECT_TRUE(reader.at_eof());
}

// STR-06
TEST(StreamReader, finds_a_separator_that_comes_in_pieces) {
    VirtualLoop loop;
    const StreamReader reader(1024);
    const auto feeder =
        loop.loop().create_task(feed_later(reader, {"ab", "cS", "SE", "P", "rest"}, false));
    EXPECT_EQ(loop.run(reader.readuntil("SEP")), "abcSSEP");
    loop.run(ended(feeder));
    EXPECT_EQ(reader.buffered(), "rest");
}

TEST(StreamReader, takes_the_separator_that_ends_first) {
    EXPECT_EQ(outcome(fed({"a\r\nb\n"}).readuntil({"\n", "\r\n"})), "a\r\n");
    EXPECT_EQ(outcome(fed({"xxabcd"}).readuntil({"abcd", "bc"})), "xxabc");
    EXPECT_EQ(outcome(fed({"xxabcd"}).readuntil({"d", "abcd"})), "xxabcd");
    EXPECT_EQ(outcome(fed({"one two"}).readuntil(Separators(std::vector<std::string>{" "}))),
              "one ");
}

TEST(StreamReader, refuses_no_separator_and_an_empty_one) {
    EXPECT_EQ(outcome(fed({"x"}).readuntil("")),
              "ValueError: Separator should be at least one-byte string");
    EXPECT_EQ(outcome(fed({"x"}).readuntil({"\n", ""})),
              "ValueError: Separator should be at least one-byte string");
    EXPECT_EQ(outcome(fed({"x"}).readuntil(Separators(std::vector<std::string>()))),
              "ValueError: Separator should contain at least one element");
}

TEST(StreamReader, leaves_what_is_over_the_limit_in_the_stream) {
    VirtualLoop loop;
    const StreamReader found = fed({"123456;"}, 3);
    const StreamReader not_found = fed({"123456"}, 3);
    for (const auto& [reader, consumed] : {std::pair{found, 6}, std::pair{not_found, 5}}) {
        try {
            static_cast<void>(loop.run(reader.readuntil(";;")));
            FAIL();
        } catch (const LimitOverrunError& error) {
            EXPECT_EQ(error.consumed(), static_cast<std::size_t>(consumed));
        }
        EXPECT_TRUE(reader.buffered().starts_with("123456"));
    }
}

// Goal: bytes that another call takes while a search waits do not make it overlook a separator.
TEST(StreamReader, finds_a_separator_although_others_took_what_was_before_it) {
    VirtualLoop loop;
    const StreamReader reader = fed({"0123456789"});
    const auto line = loop.loop().create_task(reader.readline());
    loop.run_turns(2);
    EXPECT_EQ(loop.run(reader.read(9)), "012345678");
    reader.feed_data("\n");
    EXPECT_EQ(loop.run([](Task<Bytes> task) -> Coro<Bytes> { co_return co_await task; }(line)),
              "9\n");
}

// Goal:   any text, cut anywhere, is read as a search in the whole text says.
// Method: few letters, so that separators overlap, begin and break off all the time.
TEST(StreamReader, finds_what_a_search_in_the_whole_text_finds) {
    std::minstd_rand random(7);
    const auto some_text = [&](std::size_t length_max) {
        Bytes text(random() % (length_max + 1), ' ');
        std::ranges::generate(text, [&] { return "abc"[random() % 3]; });
        return text;
    };
    for (int round = 0; round < 500; ++round) {
        const Bytes text = some_text(60);
        std::vector<std::string> any;
        for (std::size_t i = 0; i <= random() % 3; ++i) any.push_back("a" + some_text(3));
        const Separators separators(any);
        std::vector<Bytes> pieces;
        for (std::size_t at = 0; at < text.size();) {
            pieces.push_back(text.substr(at, 1 + random() % 9));
            at += pieces.back().size();
        }

        std::string expected;
        std::size_t begin = 0;
        while (const auto match = separators.find(text, begin)) {
            expected += text.substr(begin, match->end - begin) + "|";
            begin = match->end;
        }
        expected += "IncompleteReadError " + text.substr(begin);

        VirtualLoop loop;
        const StreamReader reader(1024);
        const auto feeder = loop.loop().create_task(feed_later(reader, pieces));
        std::string found;
        try {
            for (;;) found += loop.run(reader.readuntil(separators)) + "|";
        } catch (const IncompleteReadError& error) {
            found += "IncompleteReadError " + error.partial();
        }
        ASSERT_EQ(found, expected);
    }
}

// ---- readexactly

// STR-07
TEST(StreamReader, reads_exactly_n_although_that_is_over_the_limit) {
    const StreamReader reader = fed({"0123456789"}, 3);
    EXPECT_EQ(outcome(reader.readexactly(8)), "01234567");
    reader.feed_eof();
    VirtualLoop loop;
    try {
        static_cast<void>(loop.run(reader.readexactly(5)));
        FAIL();
    } catch (const IncompleteReadError& error) {
        EXPECT_EQ(error.partial(), "89");
        EXPECT_EQ(error.expected(), 5u);
        EXPECT_STREQ(error.what(), "2 bytes read on a total of 5 expected bytes");
        EXPECT_TRUE(holds<EOFError>(std::current_exception()));
    }
    EXPECT_EQ(outcome(reader.readexactly(-1)),
              "ValueError: readexactly size can not be less than zero");
    EXPECT_EQ(outcome(reader.readexactly(0)), "");
}

// ---- who waits

// STR-08
TEST(StreamReader, refuses_a_second_task_that_would_wait) {
    VirtualLoop loop;
    const StreamReader reader;
    const auto first = loop.loop().create_task(reader.read(1));
    loop.run_turns(1);
    const std::string words =
        "() called while another coroutine is already waiting for incoming data";
    EXPECT_EQ(thrown_by([&] { loop.run(reader.read(1)); }), "RuntimeError: read" + words);
    EXPECT_EQ(thrown_by([&] { loop.run(reader.readline()); }), "RuntimeError: readline" + words);
    EXPECT_EQ(thrown_by([&] { loop.run(reader.readuntil()); }), "RuntimeError: readuntil" + words);
    EXPECT_EQ(thrown_by([&] { loop.run(reader.readexactly(1)); }),
              "RuntimeError: readexactly" + words);
    reader.feed_data("x");
    EXPECT_EQ(loop.run(ended(first)), "ok");
}

TEST(StreamReader, can_be_read_by_one_task_after_the_other) {
    VirtualLoop loop;
    const StreamReader reader;
    for (const char* piece : {"a", "b"}) {
        const auto task = loop.loop().create_task(reader.read(8));
        loop.run_turns(1);
        reader.feed_data(piece);
        EXPECT_EQ(loop.run(ended(task)), "ok");
        EXPECT_EQ(task.result(), piece);
    }
}

TEST(StreamReader, belongs_to_the_loop_that_waited_first) {
    const StreamReader reader;
    {
        VirtualLoop loop;
        loop.run_and_cancel_at(1, reader.read(1));
    }
    VirtualLoop other;
    EXPECT_TRUE(thrown_by([&] { other.run(reader.read(1)); }).starts_with("RuntimeError: "));
}

// Goal: a reader whose bytes somebody else took waits on; it does not report an end.
TEST(StreamReader, waits_on_when_what_woke_it_is_gone) {
    VirtualLoop loop;
    const StreamReader reader;
    const auto waiting = loop.loop().create_task(reader.read(4));
    loop.run_turns(1);
    reader.feed_data("gone");
    EXPECT_EQ(outcome(reader.read(4)), "gone");
    loop.run_turns(2);
    EXPECT_FALSE(waiting.done());
    reader.feed_data("here");
    EXPECT_EQ(loop.run(ended(waiting)), "ok");
    EXPECT_EQ(waiting.result(), "here");
}

// ---- errors

// STR-10: where asyncio throws the error first.
TEST(StreamReader, gives_the_bytes_before_the_error) {
    const StreamReader reader = fed({"buffered"});
    reader.set_exception(std::make_exception_ptr(ConnectionResetError("rst")));
    EXPECT_EQ(outcome(reader.read(3)), "buf");
    EXPECT_EQ(outcome(reader.readexactly(2)), "fe");
    EXPECT_EQ(outcome(reader.readexactly(9)), "ConnectionResetError: rst");
    EXPECT_EQ(outcome(reader.readline()), "ConnectionResetError: rst");
    EXPECT_EQ(outcome(reader.read()), "ConnectionResetError: rst");
    EXPECT_EQ(reader.buffered(), "red");
    EXPECT_EQ(outcome(reader.read(9)), "red");
    EXPECT_EQ(outcome(reader.read(9)), "ConnectionResetError: rst");
    EXPECT_EQ(describe(reader.exception()), "ConnectionResetError: rst");
}

TEST(StreamReader, wakes_who_waits_with_the_error) {
    VirtualLoop loop;
    const StreamReader reader;
    const auto task = loop.loop().create_task(reader.readline());
    loop.run_turns(1);
    reader.set_exception(std::make_exception_ptr(ConnectionResetError("rst")));
    EXPECT_EQ(loop.run(ended(task)), "ConnectionResetError: rst");
}

// ---- flow control

class NotingTransport final : public ReadTransport {
public:
    explicit NotingTransport(Trace& trace) : trace_(trace) {}
    void pause_reading() noexcept override { trace_("pause"); }
    void resume_reading() noexcept override { trace_("resume"); }
    void reader_is_gone() noexcept override {}

private:
    Trace& trace_;
};

// STR-09
TEST(StreamReader, pauses_the_transport_above_twice_the_limit_and_resumes_it_at_the_limit) {
    Trace trace;
    NotingTransport transport(trace);
    const StreamReader reader(4);
    reader.set_transport(&transport);
    reader.feed_data("xxxxxxxx");
    EXPECT_EQ(trace.text(), "");
    reader.feed_data("x");
    EXPECT_EQ(trace.text(), "pause");
    EXPECT_EQ(outcome(reader.read(4)), "xxxx");
    EXPECT_EQ(trace.text(), "pause");
    EXPECT_EQ(outcome(reader.read(1)), "x");
    EXPECT_EQ(trace.text(), "pause, resume");
    reader.set_transport(nullptr);
    reader.feed_data("xxxxxxxx");
    EXPECT_EQ(trace.text(), "pause, resume");
}

TEST(StreamReader, resumes_the_transport_when_it_waits_for_more_than_the_limit) {
    VirtualLoop loop;
    Trace trace;
    NotingTransport transport(trace);
    const StreamReader reader(2);
    reader.set_transport(&transport);
    reader.feed_data("12345");
    const auto task = loop.loop().create_task(reader.readexactly(8));
    loop.run_turns(1);
    EXPECT_EQ(trace.text(), "pause, resume");
    reader.feed_data("678");
    EXPECT_EQ(loop.run(ended(task)), "ok");
    EXPECT_EQ(trace.text(), "pause, resume, pause, resume");
}

TEST(StreamReader, knows_the_largest_limit) {
    const StreamReader reader(std::numeric_limits<std::ptrdiff_t>::max());
    reader.feed_data("line\n");
    EXPECT_EQ(outcome(reader.readline()), "line\n");
}

// ---- cancellation

// Goal:   a cancelled call loses no byte, wherever it is cancelled.
// Method: cancel it after each turn, read on, compare the whole text.
[[clang::coro_wrapper]] Coro<Bytes> call(StreamReader reader, int which) {
    switch (which) {
        case 0:
            return reader.read(3);
        case 1:
            return reader.readexactly(5);
        case 2:
            return reader.readline();
        case 3:
            return reader.readuntil("\r\n");
        default:
            return reader.read();
    }
}
Coro<void> call_and_keep(StreamReader reader, int which, bool see_through, Bytes& got) {
    if (see_through) co_await transparent;
    got += co_await call(reader, which);
}
TEST(StreamReader, loses_nothing_when_cancelled) {
    for (int which = 0; which < 5; ++which) {
        for (const bool see_through : {false, true}) {
            for (int turns = 0; turns < 8; ++turns) {
                VirtualLoop loop;
                const StreamReader reader;
                const auto feeder =
                    loop.loop().create_task(feed_later(reader, {"a", "bc\r", "\nde", "fg\n"}));
                Bytes got;
                loop.run_and_cancel_at(turns, call_and_keep(reader, which, see_through, got));
                loop.run(ended(feeder));
                got += loop.run(reader.read());
                EXPECT_EQ(got, "abc\r\ndefg\n") << which << " after " << turns;
            }
        }
    }
}

TEST(StreamReader, withstands_every_cancellation) {
    for (int which = 0; which < 5; ++which) {
        const auto faults = testing::attack([which](bool see_through) -> Coro<void> {
            if (see_through) co_await transparent;
            const StreamReader reader;
            const auto feeder = create_task(feed_later(reader, {"a", "bc\r", "\nde", "fg\n"}));
            static_cast<void>(co_await call(reader, which));
            co_await feeder;
        });
        EXPECT_EQ(faults, std::vector<std::string>()) << which;
    }
}

// Goal:   of many matches the one that ends first is found, wherever it is.
// Method: random text with separators now near, now far; compared with the plain search.
TEST(Separators, find_the_match_that_ends_first_near_and_far) {
    std::mt19937 random(7);
    const auto up_to = [&random](std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most)(random);
    };
    const std::vector<std::string> any = {"\n", "\r\n", "abc", "cab"};
    const Separators separators(any);
    for (int round = 0; round < 2'000; ++round) {
        Bytes text(up_to(2'000), '.');
        for (std::size_t i = up_to(3); i > 0 && text.size() > 3; --i) {
            const std::string& separator = any[up_to(any.size() - 1)];
            text.replace(up_to(text.size() - separator.size()), separator.size(), separator);
        }
        const std::size_t at = up_to(text.size());
        std::size_t first_end = Bytes::npos;
        for (const std::string& separator : any) {
            const std::size_t begin = text.find(separator, at);
            if (begin != Bytes::npos) first_end = std::min(first_end, begin + separator.size());
        }
        const auto found = separators.find(text, at);
        ASSERT_EQ(found ? found->end : Bytes::npos, first_end) << round;
    }
}

// Goal:   who sends lines of one byte does not make each of them cost a search of all that came.
// Method: the same lines, with and without a separator that never comes; the times of the processor
//         are compared, and without a bound the factor is in the hundreds.
TEST(StreamReader, does_not_look_far_for_a_separator_that_never_comes) {
    const auto time_to_read = [](const Separators& separators) {
        constexpr std::size_t lines = 512 * 1024;
        const StreamReader reader = fed({Bytes(lines, '\n')}, lines);
        const std::clock_t begin = std::clock();
        VirtualLoop loop;
        loop.run([](StreamReader in, Separators any) -> Coro<void> {
            for (std::size_t i = 0; i < lines; ++i) {
                EXPECT_EQ((co_await in.readuntil(any)).size(), 1u);
            }
        }(reader, separators));
        return std::clock() - begin;
    };
    EXPECT_LT(time_to_read({"\n", "\r\n"}), 20 * time_to_read("\n"));
}

}  // namespace
}  // namespace weft

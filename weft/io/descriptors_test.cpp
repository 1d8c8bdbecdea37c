// SPDX-License-Identifier: Apache-2.0
// Readers and writers of a loop on a real system.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

TEST_F(Loop, calls_a_reader_until_it_is_removed) {
    const Pipe pipe;
    int calls = 0;
    loop_->add_reader(pipe.reader(), [&] {
        pipe.read_byte();
        if (++calls == 3) {
            EXPECT_TRUE(loop_->remove_reader(pipe.reader()));
            EXPECT_FALSE(loop_->remove_reader(pipe.reader()));
            loop_->stop();
        } else {
            pipe.write_byte();
        }
    });
    pipe.write_byte();
    loop_->run_forever();
    pipe.write_byte();
    run_for(1ms);
    EXPECT_EQ(calls, 3);
}

TEST_F(Loop, a_reader_that_removes_itself_may_go_on) {
    ContextVar<int> number("number");
    const Pipe pipe;
    int seen = 0;
    Context().run([&] {
        number.set(2);
        loop_->add_reader(pipe.reader(), [&] {
            loop_->remove_reader(pipe.reader());
            seen = number.get();
            loop_->call_soon([&] { loop_->stop(); });
            throw ValueError("at last");
        });
    });
    pipe.write_byte();
    loop_->run_forever();
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(reports_, std::vector<std::string>{"Exception in callback <Handle of descriptor " +
                                                 std::to_string(pipe.reader()) + ">"});
}

TEST_F(Loop, readers_may_be_replaced_and_removed_by_others_of_the_same_turn) {
    const Pipe one;
    const Pipe two;
    int calls = 0;
    const auto both = [&] {
        ++calls;
        loop_->remove_reader(one.reader());
        loop_->remove_reader(two.reader());
        loop_->add_reader(one.reader(), [&] { loop_->stop(); });
    };
    loop_->add_reader(one.reader(), [&] { ADD_FAILURE() << "it was replaced"; });
    loop_->add_reader(one.reader(), both);
    loop_->add_reader(two.reader(), both);
    one.write_byte();
    two.write_byte();
    loop_->run_forever();
    EXPECT_EQ(calls, 1);
}

TEST_F(Loop, forgets_a_descriptor_that_was_closed_and_takes_its_number_again) {
    auto first = std::make_unique<Pipe>();
    const int fd = first->reader();
    loop_->add_reader(fd, [] { ADD_FAILURE() << "it is closed"; });
    first->close_reader();
    Pipe second;
    ASSERT_EQ(second.reader(), fd);
    bool called = false;
    loop_->add_reader(fd, [&] {
        called = true;
        loop_->stop();
    });
    second.write_byte();
    run_for(30s);  // it stops itself
    EXPECT_TRUE(called);
    EXPECT_TRUE(loop_->remove_reader(fd));
}

TEST_F(Loop, has_no_reader_left_when_another_for_its_descriptor_is_refused) {
    const Pipe pipe;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
    ASSERT_TRUE(file);
    const int fd = ::dup(pipe.writer());
    bool called = false;
    loop_->add_reader(fd, [&] { called = true; });
    loop_->add_writer(fd, [&] { called = true; });
    ASSERT_EQ(::dup2(::fileno(file.get()), fd), fd);
    EXPECT_THROW(loop_->add_reader(fd, [&] { called = true; }), OSError);
    EXPECT_FALSE(loop_->remove_reader(fd));
    EXPECT_TRUE(loop_->remove_writer(fd));
    ::close(fd);
    run_for(1ms);
    EXPECT_FALSE(called);
}

TEST_F(Loop, watches_both_directions_and_a_hang_up) {
    Pipe pipe;
    bool writable = false;
    loop_->add_writer(pipe.writer(), [&] {
        writable = true;
        loop_->remove_writer(pipe.writer());
        pipe.close_reader();
        loop_->add_writer(pipe.writer(), [&] { loop_->stop(); });
    });
    loop_->run_forever();
    EXPECT_TRUE(writable);
    EXPECT_TRUE(loop_->remove_writer(pipe.writer()));
    EXPECT_THROW(loop_->add_reader(-1, [] {}), OSError);
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/spare_bytes.hpp>

#include <cstddef>
#include <thread>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>

namespace weft::internal {
namespace {

// In a thread that has none yet.
template <class F>
void in_a_new_thread(F body) {
    std::thread(body).join();
}

Bytes lent() {
    Bytes bytes;
    lend_spare(bytes);
    return bytes;
}

TEST(SpareBytes, lends_what_it_was_given_back) {
    in_a_new_thread([] {
        Bytes first = lent();
        first.assign(10'000, 'x');
        const char* const place = first.data();
        take_back_spare(first);
        EXPECT_EQ(first.capacity(), Bytes().capacity());
        Bytes second = lent();
        EXPECT_TRUE(second.empty());
        EXPECT_EQ(second.data(), place);
        EXPECT_EQ(lent().capacity(), Bytes().capacity()) << "the same to two";
        take_back_spare(second);
    });
}

TEST(SpareBytes, keeps_the_larger_of_two) {
    in_a_new_thread([] {
        for (const std::size_t size : {1000U, 5000U, 2000U}) {
            Bytes bytes(size, 'x');
            take_back_spare(bytes);
        }
        EXPECT_GE(lent().capacity(), 5000U);
    });
}

TEST(SpareBytes, keeps_no_more_than_its_limit) {
    in_a_new_thread([] {
        Bytes much(1 << 20, 'x');
        take_back_spare(much);
        EXPECT_EQ(much.capacity(), Bytes().capacity());
        EXPECT_EQ(lent().capacity(), Bytes().capacity());
    });
}

// Goal:   a thread's own objects may send something while they are destroyed.
// Method: one that was made before the spare memory, and so is destroyed after it.
TEST(SpareBytes, is_none_once_its_thread_has_ended) {
    static bool had_room;
    had_room = true;
    struct Late {
        bool used = false;
        ~Late() {
            Bytes bytes = lent();
            had_room = bytes.capacity() > Bytes().capacity();
            bytes.assign(3000, 'x');
            take_back_spare(bytes);
        }
    };
    in_a_new_thread([] {
        thread_local Late late;
        late.used = true;
        Bytes bytes(2000, 'x');
        take_back_spare(bytes);
    });
    EXPECT_FALSE(had_room);
}

}  // namespace
}  // namespace weft::internal

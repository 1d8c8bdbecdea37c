// SPDX-License-Identifier: Apache-2.0
// Goal:   what fills most of a lent buffer is not copied, what does not is; without memory for a
//         buffer a stream receives all the same.
// Method: the buffer by itself, a stream whose test lends it what it receives, and operator new that
//         fails while a stream receives.
#include <weft/io/internal/lent_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/scarce_memory.hpp>
#include <weft/testing/system_faults.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using internal::LentBuffer;
using testing::allocations_until_failure;
using testing::Call;
using testing::spin;
using testing::SystemFaults;

// ---- the buffer

class Borrower final : public IoOperation {
public:
    Borrower() : IoOperation(IoKind::receive_each, -1) {}
    void complete(std::int32_t, bool) noexcept override {}
};

TEST(LentBuffer, lends_the_same_bytes_until_they_are_taken) {
    LentBuffer buffer;
    Borrower one;
    Borrower other;
    buffer.lend(one);
    buffer.lend(other);
    EXPECT_EQ(one.length, LentBuffer::bytes);
    EXPECT_EQ(one.buffer, other.buffer);
    ASSERT_NE(one.lent, nullptr);
    const Bytes taken = std::exchange(*one.lent, {});
    EXPECT_EQ(reinterpret_cast<const std::byte*>(taken.data()), one.buffer);
    buffer.lend(other);
    EXPECT_EQ(other.length, LentBuffer::bytes);
    EXPECT_NE(other.buffer, one.buffer);
}

TEST(LentBuffer, lends_a_page_that_nobody_may_take_while_there_is_no_memory) {
    LentBuffer buffer;
    Borrower one;
    buffer.lend(one);
    static_cast<void>(std::exchange(*one.lent, {}));
    allocations_until_failure = 0;
    buffer.lend(one);
    EXPECT_EQ(one.lent, nullptr);
    EXPECT_EQ(one.length, 4096u);
    ASSERT_NE(one.buffer, nullptr);
    one.buffer[0] = one.buffer[one.length - 1] = std::byte{1};
    buffer.lend(one);
    EXPECT_NE(one.lent, nullptr);
    EXPECT_EQ(one.length, LentBuffer::bytes);
}

TEST(LentBuffer, without_memory_a_stream_receives_in_smaller_pieces) {
    EventLoop loop(make_epoll_backend());
    loop.run_until_complete([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        b.setblocking(false);
        auto [reader, writer] = co_await open_connection(std::move(a));
        const Bytes sent = some_bytes(10'000);
        co_await sock_sendall(b, sent);
        SystemFaults faults;
        faults.on(Call::epoll_wait, {.meanwhile = [] { allocations_until_failure = 0; }});
        EXPECT_TRUE(co_await reader.readexactly(sent.size()) == sent);
        EXPECT_EQ(allocations_until_failure, -1) << "memory was not asked for";
        EXPECT_EQ(faults.calls(Call::recv), 2);
    }());
}

// ---- what a stream makes of it

// What a stream receives is what the test says.
class Lender final : public Backend {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "lender"; }
    [[nodiscard]] TimePoint now() const noexcept override { return system_->now(); }
    void submit(IoOperation& operation) override {
        operation.kind == IoKind::receive_each ? void(stream_ = &operation)
                                               : system_->submit(operation);
    }
    bool cancel(IoOperation& operation) noexcept override {
        return &operation == stream_ || system_->cancel(operation);
    }
    bool wait(TimePoint deadline) override { return system_->wait(deadline); }
    void wake() noexcept override { system_->wake(); }

    /// The stream has received the first so many of these.
    void bring(Bytes& lent, std::size_t count) {
        stream_->lent = &lent;
        stream_->buffer = reinterpret_cast<std::byte*>(lent.data());
        stream_->length = lent.size();
        stream_->complete(static_cast<std::int32_t>(count), true);
    }

private:
    std::unique_ptr<Backend> system_ = make_epoll_backend();
    IoOperation* stream_ = nullptr;
};

TEST(LentBuffer, is_taken_where_most_of_it_is_filled_and_the_reader_has_nothing) {
    auto backend = std::make_unique<Lender>();
    Lender& lender = *backend;
    EventLoop loop(std::move(backend));
    loop.run_until_complete([](Lender& from) -> Coro<void> {
        constexpr std::size_t half = LentBuffer::bytes / 2;
        auto [a, b] = tcp_pair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        struct Row {
            std::size_t unread;
            std::size_t count;
            bool is_taken;
        };
        for (const auto& [unread, count, is_taken] :
             {Row{0, half, false}, Row{0, half + 1, true}, Row{1, half + 1, false}}) {
            reader.feed_data(Bytes(unread, 'u'));
            Bytes lent = some_bytes(LentBuffer::bytes);
            const char* const place = lent.data();
            from.bring(lent, count);
            EXPECT_EQ(lent.empty(), is_taken) << count;
            EXPECT_EQ(reader.buffered().data() == place, is_taken) << count;
            EXPECT_TRUE(co_await reader.readexactly(unread + count) ==
                        Bytes(unread, 'u') + some_bytes(count));
        }
        writer.close();
        co_await spin();
    }(lender));
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// The example of system calls that fail on demand.
#include <weft/testing/system_faults.hpp>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/io/socket.hpp>

namespace weft {
namespace {

using testing::always;
using testing::Call;
using testing::SystemFaults;
using testing::Threads;

// The errno that a call left, or what it returned.
std::string told(auto result) {
    return result < 0 ? "errno " + std::to_string(errno) : std::to_string(result);
}

TEST(SystemFaults, meet_the_calls_that_they_are_for) {
    auto [a, b] = Socket::socketpair();
    std::array<char, 4> buffer{};
    const auto receive = [&] { return told(::recv(b.fileno(), buffer.data(), buffer.size(), 0)); };
    const auto accept = [&] { return told(::accept4(a.fileno(), nullptr, nullptr, 0)); };

    SystemFaults faults;
    faults.on(Call::recv, {.error = EINTR, .first = 3});
    faults.on(Call::send, {.bytes_max = 7, .times = always});
    faults.on(Call::accept4, {.error = EMFILE, .times = 5});

    for (int i = 0; i < 2; ++i) EXPECT_EQ(told(::send(a.fileno(), "0123456789", 10, 0)), "7");
    EXPECT_EQ(receive(), "4");
    EXPECT_EQ(receive(), "4");
    EXPECT_EQ(receive(), "errno " + std::to_string(EINTR));
    EXPECT_EQ(receive(), "4");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(accept(), "errno " + std::to_string(EMFILE));
    EXPECT_EQ(accept(), "errno " + std::to_string(EINVAL));  // it does not listen
}

TEST(SystemFaults, meet_the_calls_of_all_threads) {
    SystemFaults everywhere(Threads::all);
    everywhere.on(Call::fsync, {.error = EIO});

    std::string elsewhere;
    std::thread([&] { elsewhere = told(::fsync(1)); }).join();
    EXPECT_EQ(elsewhere, "errno " + std::to_string(EIO));
    EXPECT_EQ(everywhere.calls(Call::fsync), 1);
    EXPECT_EQ(everywhere.met(), 1);
}

}  // namespace
}  // namespace weft

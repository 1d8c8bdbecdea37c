// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/descriptor_names.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::internal {
namespace {

// A descriptor that is closed at the end.
class Open {
public:
    explicit Open(int fd) : fd_(fd) { EXPECT_GE(fd, 0) << std::strerror(errno); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() { ::close(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

// The same, whether the process asks or another one does.
std::string name_of(int fd) {
    std::string name = DescriptorNames().of(fd);
    EXPECT_EQ(DescriptorNames(getpid()).of(fd), name);
    return name;
}
std::string name_of(const Open& open) { return name_of(open.fd()); }

template <class Address>
bool bind_to(const Open& socket, const Address& address) {
    return ::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

sockaddr_in loopback() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

template <class Address>
Address own_address(const Open& socket) {
    Address address{};
    socklen_t length = sizeof address;
    ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &length);
    return address;
}

TEST(DescriptorNames, tells_both_ends_of_a_connection_and_the_one_end_of_a_listener) {
    const Open listener(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_TRUE(bind_to(listener, loopback()));
    ASSERT_EQ(::listen(listener.fd(), 1), 0);
    const auto at = own_address<sockaddr_in>(listener);
    const Open client(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(client.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const Open server(::accept(listener.fd(), nullptr, nullptr));

    const std::string here = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    const std::string there =
        "127.0.0.1:" + std::to_string(ntohs(own_address<sockaddr_in>(client).sin_port));
    EXPECT_EQ(name_of(listener), here);
    EXPECT_EQ(name_of(server), here + "->" + there);
    EXPECT_EQ(name_of(client), there + "->" + here);
}

TEST(DescriptorNames, writes_ipv6_as_in_a_url) {
    const Open socket(::socket(AF_INET6, SOCK_DGRAM, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    if (!bind_to(socket, address)) GTEST_SKIP() << "there is no ::1: " << std::strerror(errno);
    const auto port = ntohs(own_address<sockaddr_in6>(socket).sin6_port);
    EXPECT_EQ(name_of(socket), "[::1]:" + std::to_string(port));
}

TEST(DescriptorNames, tells_the_path_of_a_unix_socket_that_has_one) {
    const std::string path = ::testing::TempDir() + "named socket " + std::to_string(getpid());
    const Open named(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_TRUE(bind_to(named, address));
    EXPECT_EQ(name_of(named), path);
    ::unlink(path.c_str());

    const std::string text = "weft.abstract." + std::to_string(getpid());
    const Open abstract(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un hidden{};
    hidden.sun_family = AF_UNIX;
    std::memcpy(hidden.sun_path + 1, text.data(), text.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    ASSERT_EQ(::bind(abstract.fd(), reinterpret_cast<const sockaddr*>(&hidden), length), 0);
    EXPECT_EQ(name_of(abstract), "@" + text);

    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    const Open one(pair[0]);
    const Open other(pair[1]);
    EXPECT_EQ(name_of(one), "unix socket");
}

TEST(DescriptorNames, tells_a_file_by_its_path_and_a_pipe_by_its_number) {
    const Open file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> program{};
    ASSERT_GT(::readlink("/proc/self/exe", program.data(), program.size() - 1), 0);
    EXPECT_EQ(name_of(file), program.data());

    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const Open read(pipe[0]);
    const Open write(pipe[1]);
    EXPECT_TRUE(name_of(read).starts_with("pipe:[")) << name_of(read);
}

TEST(DescriptorNames, tells_the_process_of_a_pidfd) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        std::_Exit(0);
    }
    ASSERT_GT(child, 0);
    const Open process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    EXPECT_EQ(name_of(process), "process " + std::to_string(child));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(name_of(process), "a process that has ended");
}

TEST(DescriptorNames, has_no_name_for_what_is_no_descriptor) {
    EXPECT_EQ(name_of(-1), "");
    EXPECT_EQ(name_of(1'000'000), "");
    EXPECT_EQ(DescriptorNames(-1).of(0), "");
}

TEST(DescriptorNames, writes_no_control_characters) {
    const std::string path = ::testing::TempDir() + "red \x1B[31m " + std::to_string(getpid());
    const Open file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    ::unlink(path.c_str());
    const std::string name = name_of(file);
    EXPECT_NE(name.find("red ?[31m"), std::string::npos) << name;
}

// Its tables are read once.
TEST(DescriptorNames, calls_a_socket_that_is_younger_than_its_tables_a_socket) {
    DescriptorNames names(getpid());
    const Open older(::socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_EQ(names.of(older.fd()), "unix socket");
    const Open younger(::socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_EQ(names.of(younger.fd()), "a socket");
}

}  // namespace
}  // namespace weft::internal

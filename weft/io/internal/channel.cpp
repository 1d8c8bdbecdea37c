// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/channel.hpp>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>

namespace weft::internal {
namespace {

template <class Call>
std::ptrdiff_t uninterrupted(Call call) noexcept {
    ssize_t count = 0;
    do {
        count = call();
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

}  // namespace

std::ptrdiff_t Channel::send(BytesView data) const noexcept {
    return uninterrupted([&] {
        return is_socket() ? ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                           : ::write(fd_, data.data(), data.size());
    });
}

std::ptrdiff_t Channel::receive(std::span<char> into) const noexcept {
    return uninterrupted([&] {
        return is_socket() ? ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT)
                           : ::read(fd_, into.data(), into.size());
    });
}

int Channel::shut_sending() const noexcept { return ::shutdown(fd_, SHUT_WR) == 0 ? 0 : -errno; }

void Channel::close() noexcept {
    // On Linux the descriptor is gone even when this is interrupted.
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace weft::internal

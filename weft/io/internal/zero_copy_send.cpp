// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/zero_copy_send.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <netinet/in.h>

#include <weft/base/ref.hpp>
#include <weft/io/internal/send_queue.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {
namespace {

// Another address of this host, or a peer in a container on it, shows by what the kernel tells.
bool is_remote(const SocketAddress& peer) noexcept {
    if (peer.family() == af_inet) {
        sockaddr_in address{};
        std::memcpy(&address, peer.bytes().data(), sizeof address);
        return (ntohl(address.sin_addr.s_addr) >> IN_CLASSA_NSHIFT) != IN_LOOPBACKNET;
    }
    if (peer.family() != af_inet6) return false;
    sockaddr_in6 address{};
    std::memcpy(&address, peer.bytes().data(), sizeof address);
    constexpr int mapped_prefix_bytes = 12;
    return !IN6_IS_ADDR_LOOPBACK(&address.sin6_addr) &&
           (!IN6_IS_ADDR_V4MAPPED(&address.sin6_addr) ||
            address.sin6_addr.s6_addr[mapped_prefix_bytes] != IN_LOOPBACKNET);
}

// Errors that copying may not meet: of protocols and flags that the kernel does not know so, of
// memory that may not be pinned (RLIMIT_MEMLOCK), or that there is none of.
bool is_about_zero_copy(std::int32_t error) noexcept {
    switch (error) {
        case EAGAIN:
        case EINTR:
        case EINVAL:
        case EMSGSIZE:
        case ENOBUFS:
        case ENOMEM:
        case EOPNOTSUPP:
            return true;
        default:
            return false;
    }
}

}  // namespace

ZeroCopyUse::ZeroCopyUse(const SocketAddress& peer) noexcept
    : is_over_(!zero_copy_terms.to_this_host && !is_remote(peer)) {}

ZeroCopySend::ZeroCopySend(const SendQueue& queue, Ref<ZeroCopyUse> use, IoOperation& told)
    : IoOperation(IoKind::send_zero_copy, told.fd),
      piece_(queue.piece()),
      use_(std::move(use)),
      told_(&told) {
    queue.give_next_to(*this);
    use_->begin_send();
}

void ZeroCopySend::complete(std::int32_t result, bool more) noexcept {
    if (told_) {
        if (!more) use_->give_up();
        tell(result);
    } else if (result > 0 && !zero_copy_terms.though_copied) {
        use_->give_up();
    }
    if (!more) delete this;
}

void ZeroCopySend::tell(std::int32_t result) noexcept {
    if (is_about_zero_copy(-result)) {
        use_->give_up();
        result = 0;
    }
    std::exchange(told_, nullptr)->complete(result, false);
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/zero_copy_send.hpp - a send of which the kernel makes no copy: it reads the
// bytes until the peer has them, long after the connection may be gone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <weft/base/ref.hpp>
#include <weft/io/internal/send_queue.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {

/// When it is tried. For tests, which are to see it between the two ends of one system.
struct ZeroCopyTerms {
    /// Below, the kernel copies in less time than it takes to pin the pages, and to tell later that
    /// they are free.
    std::size_t bytes_min = std::size_t{64} * 1024;
    /// Whether it is tried to this host, to which the kernel copies all the same.
    bool to_this_host = false;
    /// Whether it is tried again where the kernel has copied.
    bool though_copied = false;
};
inline thread_local constinit ZeroCopyTerms zero_copy_terms;

/// What one connection has of it.
/// Thread: the loop's; its sends may end in any (UnreleasedSends).
class ZeroCopyUse {
public:
    /// How many sends of a connection the kernel may be reading from, each of one SendPiece: 4 MiB,
    /// as much as Linux itself keeps for a connection (tcp_wmem). What goes beyond is copied.
    static constexpr int sends_max = 16;

    explicit ZeroCopyUse(const SocketAddress& peer) noexcept;
    void retain() noexcept { __atomic_add_fetch(&owners_, 1, __ATOMIC_RELAXED); }
    void release() noexcept {
        if (__atomic_sub_fetch(&owners_, 1, __ATOMIC_ACQ_REL) == 0) delete this;
    }

    [[nodiscard]] bool admits_one_more() const noexcept { return !is_over_ && sends() < sends_max; }
    /// It does not work here, or is of no use.
    void give_up() noexcept { is_over_ = true; }
    [[nodiscard]] int sends() const noexcept { return sends_; }
    void begin_send() noexcept { ++sends_; }
    void end_send() noexcept { --sends_; }

private:
    ~ZeroCopyUse() = default;

    int owners_ = 0;
    std::atomic<int> sends_ = 0;
    std::atomic<bool> is_over_;
};

/// An operation that belongs to whoever submits it until it has told the count, and then to itself:
/// it goes when the kernel has let its bytes go.
class ZeroCopySend final : public IoOperation {
public:
    /// Sends what comes next in `queue`, and completes `told` once in its stead: with the count, or
    /// an error of the connection, or with 0 where nothing could be sent in this way.
    /// Errors: bad_alloc
    ZeroCopySend(const SendQueue& queue, Ref<ZeroCopyUse> use, IoOperation& told);
    ~ZeroCopySend() { use_->end_send(); }

    void complete(std::int32_t result, bool more) noexcept override;

private:
    void tell(std::int32_t result) noexcept;

    Ref<SendPiece> piece_;
    Ref<ZeroCopyUse> use_;
    IoOperation* told_;  // null when it was
};

}  // namespace weft::internal

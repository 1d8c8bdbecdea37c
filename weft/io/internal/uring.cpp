// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/uring.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/base/check.hpp>
#include <weft/base/free_with.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/uring_backend.hpp>

namespace weft::internal {
namespace {

constexpr unsigned entries = 512;
constexpr unsigned completions = 4096;  // more wait in the kernel

// What liburing 2.3 does not know yet.
constexpr unsigned feature_bundles = 1U << 14;           // IORING_FEAT_RECVSEND_BUNDLE
constexpr unsigned feature_registered_rings = 1U << 13;  // IORING_FEAT_REG_REG_RING
constexpr std::uint8_t operation_pipe = 62;              // IORING_OP_PIPE
constexpr std::uint16_t register_incremental = 2;        // IOU_PBUF_RING_INC

constexpr std::size_t kib = 1024;

void check_result(int result, const char* what) {
    if (result < 0) throw_os_error(-result, what);
}

template <class T>
Mapping<T> mapped(void* memory, std::size_t bytes) {
    if (memory == MAP_FAILED) throw_os_error(errno, "mmap");
    return Mapping<T>(static_cast<T*>(memory), {.bytes = bytes});
}

template <class T>
Mapping<T> map(std::size_t bytes) {
    return mapped<T>(
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
}

// The same memory twice in a row.
Mapping<std::byte> map_twice(std::size_t bytes) {
    Mapping<std::byte> both = map<std::byte>(2 * bytes);
    std::byte* const second = both.get() + bytes;
    // Shared memory can be mapped once more: that is what moving none of it does.
    if (::mmap(both.get(), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0) == MAP_FAILED ||
        ::mremap(both.get(), 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, second) == MAP_FAILED) {
        throw_os_error(errno, "mmap");
    }
    return both;
}

}  // namespace

void Unmap::operator()(void* memory) const noexcept { ::munmap(memory, bytes); }

// Disabled: it will belong to the thread that enables it.
Uring::Uring() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                       IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
    parameters.cq_entries = completions;
    check_result(io_uring_queue_init_params(entries, &ring_, &parameters), "io_uring_setup");
}

// Bundles and buffers that are filled bit by bit came with 6.12; but until 6.15.5 completions could
// overtake each other, or count bytes twice, and the bytes of one connection come as those of another.
// No feature tells of that; an operation that came with 6.16 does.
UringTier Uring::tier() noexcept {
    if ((ring_.features & feature_bundles) == 0) return UringTier::basic;
    const std::unique_ptr<io_uring_probe, FreeWith<io_uring_free_probe>> known(
        io_uring_get_probe_ring(&ring_));
    return known && known->last_op >= operation_pipe ? UringTier::full : UringTier::basic;
}

// Telling whether it did came with 6.2; of which no feature tells, but of what came with 6.3.
bool Uring::does_zero_copy() const noexcept {
    return (ring_.features & feature_registered_rings) != 0;
}

// liburing 2.3 declares io_uring_enable_rings(), and does not export it.
void Uring::enable() {
    const long result =
        ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    if (result < 0) throw_os_error(errno, "io_uring_register");
}

io_uring_sqe* Uring::next_entry() noexcept {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    if (entry) return entry;
    static_cast<void>(io_uring_submit(&ring_));  // what it could not take is still in the queue
    return io_uring_get_sqe(&ring_);
}

bool Uring::has_more() const noexcept {
    const unsigned told = IO_URING_READ_ONCE(*ring_.sq.kflags);
    return (told & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

bool Uring::has_work() const noexcept {
    return io_uring_sq_ready(&ring_) > 0 || io_uring_cq_ready(&ring_) > 0 || has_more();
}

bool Uring::has_lost() const noexcept { return IO_URING_READ_ONCE(*ring_.cq.koverflow) != 0; }

// A ring holds the files that are registered with it until its last operation has ended: here the one
// end of a pipe, whose other end tells.
const std::shared_ptr<const FileDescriptor>& Uring::released() noexcept {
    int ends[2];
    if (released_ || ::pipe2(ends, O_CLOEXEC) != 0) return released_;
    const FileDescriptor held(ends[1], "pipe2");
    try {
        auto told = std::make_shared<const FileDescriptor>(ends[0], "pipe2");
        if (io_uring_register_files(&ring_, &ends[1], 1) == 0) released_ = std::move(told);
    } catch (const std::bad_alloc&) {
        ::close(ends[0]);
    }
    return released_;
}

void Uring::close_and_wait() noexcept {
    check(released() != nullptr, "io_uring has lost a completion, and cannot tell when it is done");
    io_uring_queue_exit(&ring_);
    is_open_ = false;
    const auto end = std::chrono::steady_clock::now() + ring_release_time_max;
    pollfd released{.fd = released_->get(), .events = 0, .revents = 0};
    for (int result = 0; result != 1;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        // The child of a fork may hold the ring; and memory that the kernel may write to must stay.
        check(left.count() > 0, "io_uring has lost a completion, and does not let its files go");
        result = ::poll(&released, 1, static_cast<int>(left.count()));
    }
}

UringTier tier_of(Uring& uring, std::optional<UringTier> wanted) {
    const UringTier highest = uring.tier();
    if (wanted.value_or(highest) > highest) {
        throw_os_error(EOPNOTSUPP, "the kernel's io_uring is older than 6.16");
    }
    return wanted.value_or(highest);
}

ProvidedBuffers::ProvidedBuffers(Uring& uring, UringTier tier)
    : tier_(tier),
      buffer_bytes_(tier == UringTier::full ? 64 * kib : 4 * kib),
      // Filled one after the other they stay in the processor's cache, if they fit in.
      count_(tier == UringTier::full ? 16 : 1024),
      ring_(map<io_uring_buf_ring>(count_ * sizeof(io_uring_buf))),
      memory_(tier == UringTier::full ? map_twice(count_ * buffer_bytes_)
                                      : map<std::byte>(count_ * buffer_bytes_)) {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring_.get());
    registration.ring_entries = count_;
    registration.bgid = group;
    if (tier == UringTier::full) registration.pad = register_incremental;
    check_result(io_uring_register_buf_ring(&uring.get(), &registration, 0),
                 "io_uring_register_buf_ring");
    io_uring_buf_ring_init(ring_.get());
    for (std::uint16_t number = 0; number < count_; ++number) add(number);
}

void ProvidedBuffers::add(std::uint16_t number) noexcept {
    io_uring_buf_ring_add(ring_.get(), memory_.get() + number * buffer_bytes_,
                          static_cast<unsigned>(buffer_bytes_), number,
                          io_uring_buf_ring_mask(count_), 0);
    io_uring_buf_ring_advance(ring_.get(), 1);
}

std::byte* ProvidedBuffers::received(std::uint16_t number) noexcept {
    if (tier_ == UringTier::basic) return memory_.get() + number * buffer_bytes_;
    check(number == next_ / buffer_bytes_, "io_uring fills its buffers one after the other");
    return memory_.get() + next_;
}

void ProvidedBuffers::give_back(std::uint16_t number, std::size_t bytes) noexcept {
    if (tier_ == UringTier::basic) return add(number);
    next_ += bytes;
    for (std::size_t full = number; full < next_ / buffer_bytes_; ++full) {
        add(static_cast<std::uint16_t>(full % count_));
    }
    next_ %= count_ * buffer_bytes_;
}

}  // namespace weft::internal

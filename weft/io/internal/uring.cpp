// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/uring.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <liburing.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/base/os_error.hpp>

namespace weft::internal {
namespace {

constexpr unsigned entries = 512;
constexpr unsigned completions = 4096;  // more wait in the kernel

void check_result(int result, const char* what) {
    if (result < 0) throw_os_error(-result, what);
}

}  // namespace

// Disabled: it will belong to the thread that enables it.
Uring::Uring() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                       IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
    parameters.cq_entries = completions;
    check_result(io_uring_queue_init_params(entries, &ring_, &parameters), "io_uring_setup");
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

ProvidedBuffers::ProvidedBuffers(Uring& uring) {
    constexpr std::size_t bytes = count * sizeof(io_uring_buf);
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_os_error(errno, "mmap");
    ring_.reset(static_cast<io_uring_buf_ring*>(memory));
    memory_ = std::make_unique_for_overwrite<std::byte[]>(count * buffer_bytes);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
    registration.ring_entries = count;
    registration.bgid = group;
    check_result(io_uring_register_buf_ring(&uring.get(), &registration, 0),
                 "io_uring_register_buf_ring");
    io_uring_buf_ring_init(ring_.get());
    for (std::uint16_t number = 0; number < count; ++number) give_back(number);
}

void ProvidedBuffers::Unmapped::operator()(io_uring_buf_ring* ring) const noexcept {
    ::munmap(ring, count * sizeof(io_uring_buf));
}

void ProvidedBuffers::give_back(std::uint16_t number) noexcept {
    io_uring_buf_ring_add(ring_.get(), at(number), buffer_bytes, number,
                          io_uring_buf_ring_mask(count), 0);
    io_uring_buf_ring_advance(ring_.get(), 1);
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// weft/io/uring_faults_test.hpp - a ring of io_uring that fails on demand, as the kernel can fail it.
//
//     UringFaults faults;
//     faults.on_enter({.error = EBUSY, .times = 3});               // the kernel is called in vain
//     faults.on(IORING_OP_READ, {.bytes_max = 7, .times = always});
//     faults.on(IORING_OP_FSYNC, {.error = EIO});
//
// Defines these functions of liburing for the whole program, and calls the library's own from there:
// one file of a test program includes this.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <signal.h>

namespace weft {

struct UringFault {
    int error = 0;  ///< it does nothing, and fails with this errno; 0: it does not fail
    std::size_t bytes_max = std::numeric_limits<std::size_t>::max();  ///< of reads and writes
    int first = 1;  ///< begins with the n-th from now on
    int times = 1;  ///< meets so many
};

/// The faults of the one ring that this thread uses while they live, one such object at a time.
class UringFaults {
public:
    static constexpr int always = std::numeric_limits<int>::max();

    UringFaults() noexcept { of_this_thread = this; }
    ~UringFaults() { of_this_thread = nullptr; }
    UringFaults(const UringFaults&) = delete;
    UringFaults& operator=(const UringFaults&) = delete;

    /// For the calls of io_uring_enter(2): one that fails submits nothing and brings nothing.
    void on_enter(UringFault fault) { of_enter_.push_back(fault); }
    /// The calls work again.
    void enter_again() noexcept { of_enter_.clear(); }
    /// For the operations of that kind which are submitted from now on.
    void on(int operation, UringFault fault) { of_entries_.push_back({operation, fault}); }
    /// How many calls and operations have met a fault.
    [[nodiscard]] int met() const noexcept { return met_; }
    /// How many operations of that kind were submitted.
    [[nodiscard]] int count(int operation) const {
        const auto found = counts_.find(operation);
        return found == counts_.end() ? 0 : found->second;
    }

    /// That of the ring.
    [[nodiscard]] int descriptor() const noexcept { return ring_->ring_fd; }
    /// How many operations the kernel has in its hands.
    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_.size(); }
    /// Whether it is the completion of such an operation.
    [[nodiscard]] bool is_of(const io_uring_cqe& told, int operation) const {
        const auto found = operations_.find(told.user_data);
        return found != operations_.end() && found->second == operation;
    }
    /// Whether it is that of the loop's being woken.
    [[nodiscard]] static bool is_of_the_waker(const io_uring_cqe& told) noexcept {
        return told.user_data == for_the_waker;
    }

    /// Completions that the kernel drops for want of memory.
    std::function<bool(const io_uring_cqe&)> lose = {};
    /// Completions that come only with let_go().
    std::function<bool(const io_uring_cqe&)> hold = {};
    void let_go() {
        hold = nullptr;
        for (std::size_t i = 0; i < held_.size(); ++i) bring_something();
    }
    [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
    /// Sees, and may change, each completion just before it is told.
    std::function<void(io_uring_cqe&)> tell = {};
    /// Happens just before the ring is closed.
    std::function<void()> closes = {};

    /// Inside tell(): the kernel has ended an operation that goes on, with this last completion.
    void end_with(io_uring_cqe& last);

    /// Of rings that are made from now on: so many entries, and twice as many completions.
    unsigned entries = 0;

    // For the functions below.
    void ring_is_new() noexcept { seen_in_ = nullptr; }
    template <class Enter>
    int enter(io_uring& ring, Enter real) {
        if (const int error = judge(of_enter_); error != 0) return -error;
        if (std::exchange(has_lost_, false)) {
            return static_cast<void>(real()), look_at_completions(ring), -EBADR;
        }
        look_at_entries(ring);
        const int result = real();
        look_at_completions(ring);
        return result;
    }
    inline static thread_local UringFaults* of_this_thread = nullptr;

private:
    // The backend's names of what is no operation; the last is of one of ours, in whose completion's
    // place one comes that was held.
    static constexpr std::uint64_t for_nobody = 0;
    static constexpr std::uint64_t for_the_waker = 1;
    static constexpr std::uint64_t for_us = 3;
    static bool is_ours(std::uint64_t name) noexcept { return name == for_us; }

    struct Told {
        std::uint64_t user_data;
        std::int32_t result;
        std::uint32_t flags;
    };

    int judge(std::list<UringFault>& plan) {
        for (UringFault& fault : plan) {
            if (const auto met = meets(fault)) return met->error;
        }
        return 0;
    }
    const UringFault* meets(UringFault& fault) {
        if (fault.first > 1) {
            --fault.first;
            return nullptr;
        }
        if (fault.times == 0) return nullptr;
        if (fault.times != always) --fault.times;
        ++met_;
        return &fault;
    }

    void look_at_entries(io_uring& ring) {
        ring_ = &ring;
        for (unsigned at = ring.sq.sqe_head; at != ring.sq.sqe_tail; ++at) {
            io_uring_sqe& entry = ring.sq.sqes[at & ring.sq.ring_mask];
            if (is_ours(entry.user_data)) continue;
            ++counts_[entry.opcode];
            if (entry.user_data > for_the_waker) {
                operations_[entry.user_data] = entry.opcode;
                under_way_.insert(entry.user_data);
            }
            for (auto& [operation, fault] : of_entries_) {
                if (operation != entry.opcode) continue;
                const UringFault* const met = meets(fault);
                if (met) change(entry, *met);
            }
        }
    }
    void change(io_uring_sqe& entry, const UringFault& fault) {
        entry.len = static_cast<unsigned>(std::min<std::size_t>(entry.len, fault.bytes_max));
        if (fault.error == 0) return;
        const std::uint64_t name = entry.user_data;
        io_uring_prep_nop(&entry);
        entry.user_data = name;
        if (name != for_nobody) failing_[name] = fault.error;
    }

    void look_at_completions(io_uring& ring) {
        if (seen_in_ != ring.cq.cqes) {
            seen_in_ = ring.cq.cqes;
            seen_ = *ring.cq.khead;
        }
        ring_ = &ring;
        for (; seen_ != io_uring_smp_load_acquire(ring.cq.ktail); ++seen_) {
            io_uring_cqe& told = ring.cq.cqes[seen_ & ring.cq.ring_mask];
            if (is_ours(told.user_data)) {
                bring_held(told);
            } else if (told.user_data != for_nobody) {
                look_at(told);
            }
        }
    }
    void look_at(io_uring_cqe& told) {
        if ((told.flags & IORING_CQE_F_MORE) == 0) under_way_.erase(told.user_data);
        if (const auto found = failing_.find(told.user_data); found != failing_.end()) {
            told.res = -found->second;
            failing_.erase(found);
        }
        if (lose && lose(told)) {
            has_lost_ = true;
            ++*ring_->cq.koverflow;
            return nobody_hears(told);
        }
        if (hold && hold(told)) {
            held_.push_back({told.user_data, told.res, told.flags});
            return nobody_hears(told);
        }
        if (tell) tell(told);
    }
    static void nobody_hears(io_uring_cqe& told) {
        told.user_data = for_nobody;
        told.flags = 0;
    }
    void bring_something() {
        io_uring_sqe* const entry = io_uring_get_sqe(ring_);
        ASSERT_NE(entry, nullptr);
        io_uring_prep_nop(entry);
        entry->user_data = for_us;
    }
    void bring_held(io_uring_cqe& told) {
        if (held_.empty()) return nobody_hears(told);
        told.user_data = held_.front().user_data;
        told.res = held_.front().result;
        told.flags = held_.front().flags;
        held_.pop_front();
    }

    io_uring* ring_ = nullptr;
    const io_uring_cqe* seen_in_ = nullptr;
    unsigned seen_ = 0;
    std::list<UringFault> of_enter_;
    std::list<std::pair<int, UringFault>> of_entries_;
    std::unordered_map<int, int> counts_;
    std::unordered_map<std::uint64_t, int> operations_;
    std::unordered_map<std::uint64_t, int> failing_;  // with which errno
    std::unordered_set<std::uint64_t> under_way_;
    std::deque<Told> held_;
    bool has_lost_ = false;
    int met_ = 0;
};

// Implementation.

template <class Function>
Function* liburing(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

template <class Enter>
int enters(io_uring* ring, Enter real) {
    UringFaults* const faults = UringFaults::of_this_thread;
    return faults ? faults->enter(*ring, real) : real();
}

// In a namespace they are the same functions: their linkage is C's.
extern "C" {

int io_uring_submit(io_uring* ring) {
    static const auto real = liburing<decltype(::io_uring_submit)>("io_uring_submit");
    return enters(ring, [&] { return real(ring); });
}

int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
    static const auto real =
        liburing<decltype(::io_uring_submit_and_wait)>("io_uring_submit_and_wait");
    return enters(ring, [&] { return real(ring, count); });
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** first, unsigned count,
                                     __kernel_timespec* timeout, sigset_t* signals) {
    static const auto real =
        liburing<decltype(::io_uring_submit_and_wait_timeout)>("io_uring_submit_and_wait_timeout");
    return enters(ring, [&] { return real(ring, first, count, timeout, signals); });
}

int io_uring_submit_and_get_events(io_uring* ring) {
    static const auto real =
        liburing<decltype(::io_uring_submit_and_get_events)>("io_uring_submit_and_get_events");
    return enters(ring, [&] { return real(ring); });
}

int io_uring_get_events(io_uring* ring) {
    static const auto real = liburing<decltype(::io_uring_get_events)>("io_uring_get_events");
    return enters(ring, [&] { return real(ring); });
}

int io_uring_queue_init_params(unsigned entries, io_uring* ring, io_uring_params* parameters) {
    static const auto real =
        liburing<decltype(::io_uring_queue_init_params)>("io_uring_queue_init_params");
    UringFaults* const faults = UringFaults::of_this_thread;
    if (faults) faults->ring_is_new();
    if (faults && faults->entries != 0) {
        entries = faults->entries;
        parameters->cq_entries = 2 * entries;
    }
    return real(entries, ring, parameters);
}

void io_uring_queue_exit(io_uring* ring) {
    static const auto real = liburing<decltype(::io_uring_queue_exit)>("io_uring_queue_exit");
    const UringFaults* const faults = UringFaults::of_this_thread;
    if (faults && faults->closes) faults->closes();
    real(ring);
}

}  // extern "C"

// What the kernel does when it has no room for completions: it ends what would go on.
inline void UringFaults::end_with(io_uring_cqe& last) {
    static const auto submit_and_wait =
        liburing<decltype(::io_uring_submit_and_wait)>("io_uring_submit_and_wait");
    const std::uint64_t name = last.user_data;
    last.flags &= ~static_cast<unsigned>(IORING_CQE_F_MORE);
    const unsigned before = io_uring_smp_load_acquire(ring_->cq.ktail);
    io_uring_sqe* const entry = io_uring_get_sqe(ring_);
    ASSERT_NE(entry, nullptr);
    io_uring_prep_cancel64(entry, name, 0);
    entry->user_data = for_nobody;
    const unsigned wanted = before - *ring_->cq.khead + 2;  // of this, and of its end
    ASSERT_GE(submit_and_wait(ring_, wanted), 0);
    for (unsigned at = before; at != io_uring_smp_load_acquire(ring_->cq.ktail); ++at) {
        io_uring_cqe& told = ring_->cq.cqes[at & ring_->cq.ring_mask];
        if (told.user_data != name) continue;
        EXPECT_EQ(told.res, -ECANCELED) << "it has done more meanwhile";
        nobody_hears(told);
        return;
    }
    ADD_FAILURE() << "it does not end";
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// Backends that let operations go in all the ways that there are. A hook runs between a completion
// and the step of the task it woke.
#pragma once

#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/internal/attempt.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {

// How it lets an operation go that is cancelled: epoll at once, epoll as a kernel would that has it
// in its hands, and io_uring, which really has.
enum class Letting { go_at_once, go_later, go_when_the_kernel_does };

class TestBackend final : public Backend {
public:
    explicit TestBackend(Letting letting)
        : letting_(letting),
          system_(letting == Letting::go_when_the_kernel_does ? make_uring_backend()
                                                              : make_epoll_backend()) {}

    /// Called once, after a wait, when completions have been told and no task has run yet.
    std::function<void()> after_wait;

    [[nodiscard]] std::string_view name() const noexcept override { return "test"; }
    [[nodiscard]] TimePoint now() const noexcept override { return system_->now(); }
    void submit(IoOperation& operation) override { system_->submit(operation); }
    bool cancel(IoOperation& operation) noexcept override {
        const bool is_over = system_->cancel(operation);
        if (letting_ != Letting::go_later) return is_over;
        cancelled_.push_back(operation);
        return false;
    }
    void cancel_all() noexcept override {
        system_->cancel_all();
        while (cancelled_.pop_front()) {
        }
    }
    bool wait(TimePoint deadline) override {
        const bool waited = system_->wait(cancelled_.empty() ? deadline : TimePoint::min());
        List<IoOperation> ended;
        ended.splice_back(cancelled_);
        while (IoOperation* operation = ended.pop_front()) {
            operation->complete(internal::attempt(*operation).value_or(-ECANCELED), false);
        }
        if (auto call = std::exchange(after_wait, nullptr)) call();
        return waited;
    }
    void wake() noexcept override { system_->wake(); }

private:
    Letting letting_;
    std::unique_ptr<Backend> system_;
    List<IoOperation> cancelled_;
};

/// io_uring only where there is one.
inline std::vector<Letting> all_lettings() {
    std::vector<Letting> all = {Letting::go_at_once, Letting::go_later};
    try {
        static_cast<void>(make_uring_backend());
        all.push_back(Letting::go_when_the_kernel_does);
    } catch (const OSError& error) {
        if (!says_there_is_no_uring(error)) throw;
        std::printf("not on io_uring, which the system refuses: %s\n", error.what());
    }
    return all;
}

inline std::string letting_name(const ::testing::TestParamInfo<Letting>& info) {
    switch (info.param) {
        case Letting::go_at_once:
            return "a_backend_that_cancels_at_once";
        case Letting::go_later:
            return "a_backend_that_cancels_later";
        case Letting::go_when_the_kernel_does:
            return "io_uring";
    }
    return "";
}

}  // namespace weft

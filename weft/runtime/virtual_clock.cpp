// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/virtual_clock.hpp>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {
namespace {

class VirtualBackend final : public Backend {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "virtual"; }
    [[nodiscard]] TimePoint now() const noexcept override { return now_; }
    [[nodiscard]] bool is_real_time() const noexcept override { return false; }

    void submit(IoOperation& operation) override {
        throw OSError("a virtual clock has no I/O: descriptor " + std::to_string(operation.fd) +
                      " cannot be watched");
    }
    bool cancel(IoOperation&) noexcept override { return true; }

    [[nodiscard]] bool wait(TimePoint deadline) override {
        if (deadline == TimePoint::min()) return true;
        std::unique_lock lock(mutex_);
        // What is due is called all the same: the job may wait for it.
        if (jobs_out_ > 0 && deadline > now_) changed_.wait(lock, [this] { return woken_; });
        if (std::exchange(woken_, false)) return true;
        if (deadline == TimePoint::max()) return false;
        now_ = std::max(now_, deadline);
        return true;
    }
    void wake() noexcept override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        changed_.notify_one();
    }
    void outside_work(int change) noexcept override { jobs_out_ += change; }

private:
    TimePoint now_;
    int jobs_out_ = 0;  // the loop's thread only
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

}  // namespace

std::unique_ptr<Backend> make_virtual_backend() { return std::make_unique<VirtualBackend>(); }

}  // namespace weft

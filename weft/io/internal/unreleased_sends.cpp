// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/unreleased_sends.hpp>

#include <memory>
#include <mutex>

#include <poll.h>

#include <weft/base/list.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {
namespace {

struct Kept {
    std::mutex mutex;
    List<UnreleasedSends> all;
};

// Never destroyed: the kernel reads on while the process ends.
Kept& kept() noexcept {
    static Kept& one = *new Kept;
    return one;
}

}  // namespace

UnreleasedSends::~UnreleasedSends() {
    while (IoOperation* const send = sends_.pop_front()) send->complete(0, false);
}

bool UnreleasedSends::is_released() const noexcept {
    pollfd end{.fd = released_->get(), .events = 0, .revents = 0};
    return ::poll(&end, 1, 0) == 1;
}

void UnreleasedSends::keep(std::unique_ptr<UnreleasedSends> sends) noexcept {
    release_some();
    if (sends->empty()) return;
    const std::lock_guard lock(kept().mutex);
    kept().all.push_back(*sends.release());
}

void UnreleasedSends::release_some() noexcept {
    const std::lock_guard lock(kept().mutex);
    List<UnreleasedSends> looked_at;
    looked_at.splice_back(kept().all);
    while (UnreleasedSends* const one = looked_at.pop_front()) {
        one->is_released() ? delete one : kept().all.push_back(*one);
    }
}

}  // namespace weft::internal

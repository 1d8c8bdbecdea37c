// SPDX-License-Identifier: Apache-2.0
#include <weft/io/watch.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <sys/inotify.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/internal/null_free.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace internal {

class WatchState {
public:
    explicit WatchState(std::string path)
        : loop_(get_running_loop()),
          path_(std::move(path)),
          fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1") {
        check_null_free(path_, "path");
        constexpr std::uint32_t all = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB | IN_DELETE |
                                      IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF;
        if (::inotify_add_watch(fd_.get(), path_.c_str(), all) < 0) {
            throw_os_error(errno, "'" + path_ + "'");
        }
    }
    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    static Coro<std::vector<FileChange>> next(Ref<WatchState> self) {
        if (&self->loop_ != &get_running_loop()) {
            throw RuntimeError("Watch is bound to a different event loop");
        }
        for (;;) {
            std::vector<FileChange> changes = self->take();
            if (!changes.empty() || self->is_gone_) co_return changes;
            const Waiting waiting(*self);
            co_await self->ready_.wait();
        }
    }

private:
    // Hears of the descriptor while a task waits.
    class Waiting {
    public:
        explicit Waiting(WatchState& watch) : watch_(watch) {
            if (watch.has_waiter_) throw RuntimeError("another task waits for this Watch");
            watch.ready_.clear();
            watch.loop_.add_reader(watch.fd_.get(), [&watch] { watch.ready_.set(); });
            watch.has_waiter_ = true;
        }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        ~Waiting() {
            watch_.has_waiter_ = false;
            if (!watch_.loop_.is_closed()) watch_.loop_.remove_reader(watch_.fd_.get());
        }

    private:
        WatchState& watch_;
    };
    ~WatchState() = default;

    // All that the system has.
    std::vector<FileChange> take() {
        std::vector<FileChange> changes;
        alignas(inotify_event) std::array<char, 16 * 1024> buffer;
        for (;;) {
            const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && errno == EAGAIN) return changes;
            if (count < 0) throw_os_error(errno, "'" + path_ + "'");
            for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
                inotify_event event{};
                std::memcpy(&event, &buffer[at], sizeof event);
                const char* name = event.len > 0 ? &buffer[at + sizeof event] : "";
                add(changes, event.mask, name);
                at += sizeof event + event.len;
            }
        }
    }

    void add(std::vector<FileChange>& changes, std::uint32_t mask, const std::string& name) {
        if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
            if (!std::exchange(is_gone_, true)) changes.push_back({Change::deleted, path_});
            return;
        }
        if (is_gone_) return;
        const Change change = (mask & IN_Q_OVERFLOW) != 0                 ? Change::lost
                              : (mask & (IN_CREATE | IN_MOVED_TO)) != 0   ? Change::added
                              : (mask & (IN_DELETE | IN_MOVED_FROM)) != 0 ? Change::deleted
                                                                          : Change::modified;
        FileChange one{change, name.empty() ? path_ : path_ + "/" + name};
        // A file that is written to piece by piece.
        if (changes.empty() || changes.back() != one) changes.push_back(std::move(one));
    }

    EventLoop& loop_;
    std::string path_;
    FileDescriptor fd_;
    Event ready_;
    bool has_waiter_ = false;
    bool is_gone_ = false;
    std::uint32_t owners_ = 0;
};

}  // namespace internal

Watch::Watch(std::string path) : state_(new internal::WatchState(std::move(path))) {}
Watch::Watch(const Watch&) noexcept = default;
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
Watch::~Watch() = default;

Coro<std::vector<FileChange>> Watch::next() const { return internal::WatchState::next(state_); }

}  // namespace weft

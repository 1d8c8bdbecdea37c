// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/stall_watch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <source_location>
#include <string>
#include <thread>
#include <utility>

#include <pthread.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/debug_table.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {
namespace {

using Clock = StallTracker::Clock;

// Loops beyond so many are not watched; each has a thread of its own.
constexpr std::size_t loops_watched_max = 64;
constexpr Nanoseconds time_between_looks_min = std::chrono::milliseconds(1);
constexpr Nanoseconds time_between_looks_max = std::chrono::milliseconds(250);
// Looks in a row that found all loops waiting, before the thread sleeps until one of them wakes.
constexpr int idle_looks_max = 40;
constexpr int frames_shown_max = 32;
constexpr std::size_t text_bytes_max = 512;

// Written by the loops' threads. An entry may be looked at after it was taken back, and what it
// points to may be gone: everything is read through read_memory(). So no lock is needed, which a
// fork could leave locked.
constinit std::array<std::atomic<EventLoop*>, loops_watched_max> watched{};
// The process that the thread was started in: a fork's child has none.
constinit std::atomic<int> thread_of_process{0};

std::uintptr_t address_of(const void* object) noexcept {
    return reinterpret_cast<std::uintptr_t>(object);
}

// Copies what may change or vanish meanwhile: the kernel answers with an error where no memory is.
bool read_memory(std::uintptr_t from, void* to, std::size_t bytes) noexcept {
    const iovec into{to, bytes};
    const iovec of{reinterpret_cast<void*>(from), bytes};
    return process_vm_readv(getpid(), &into, 1, &of, 1, 0) == static_cast<ssize_t>(bytes);
}

template <class T>
bool read_memory(std::uintptr_t from, T& to) noexcept {
    return read_memory(from, &to, sizeof to);
}

std::string read_text(std::uintptr_t from, std::size_t bytes_max) {
    std::string text(std::min(bytes_max, text_bytes_max), '\0');
    // A page at a time, since the next one may not be there.
    constexpr std::size_t page = 4096;
    std::size_t have = 0;
    while (have < text.size()) {
        const std::size_t more = std::min(page - (from + have) % page, text.size() - have);
        if (!read_memory(from + have, text.data() + have, more)) break;
        have += more;
        if (text.find('\0') < have) break;
    }
    text.resize(std::min(have, text.find('\0')));
    return text;
}

struct Place {
    std::string function;
    std::string file;
    std::uint32_t line = 0;
};

// Of the std::source_location at an address.
Place read_place(std::uintptr_t from) {
    const auto& layout = weft_debug.location;
    Place place;
    std::uintptr_t location = 0;
    std::uintptr_t function = 0;
    std::uintptr_t file = 0;
    if (read_memory(from, location) && location != 0 &&
        read_memory(location + layout.function, function) &&
        read_memory(location + layout.file, file) &&
        read_memory(location + layout.line, place.line)) {
        place.function = read_text(function, text_bytes_max);
        place.file = read_text(file, text_bytes_max);
    }
    return place;
}

std::string at(const Place& place) { return place.file + ":" + std::to_string(place.line); }

std::string name_of(std::uintptr_t task) {
    std::uintptr_t extras = 0;
    std::uintptr_t name = 0;
    std::uint64_t length = 0;
    if (read_memory(task + weft_debug.future.extras, extras) && extras != 0 &&
        read_memory(extras + weft_debug.extras.name, name) && name != 0 &&
        read_memory(extras + weft_debug.extras.name_length, length)) {
        return read_text(name, length);
    }
    std::uint64_t id = 0;
    return read_memory(task + weft_debug.task.id, id) ? "Task-" + std::to_string(id) : "?";
}

// The frames of a task that runs, the innermost first: those that the step began in, as far as they
// are still there. Empty when they are not.
std::string frames_of(std::uintptr_t task) {
    const auto& layout = weft_debug.promise;
    std::uintptr_t root = 0;
    std::uintptr_t frame = 0;
    if (!read_memory(task + weft_debug.task.root, root) || root == 0 ||
        !read_memory(task + weft_debug.task.leaf, frame)) {
        return "";
    }
    root += layout.in_frame;
    std::string text;
    for (int shown = 0; shown < frames_shown_max; ++shown) {
        std::uintptr_t owner = 0;
        std::uintptr_t parent = 0;
        if (!read_memory(frame + layout.task, owner) || owner != task ||
            !read_memory(frame + layout.parent, parent)) {
            return "";
        }
        const Place place = read_place(frame + layout.where);
        text += "\n  at " + place.function + " (" + at(place) + ")";
        if (frame == root) return text;
        frame = parent;
    }
    return text + "\n  …";
}

// A callback that is slow, as text.
struct Culprit {
    std::string what = "<Handle>";
    std::string frames;  // of a task, each on a line; may be empty
};

std::string describe_task(std::uintptr_t task) {
    const Place made = read_place(task + weft_debug.future.made_at);
    return "<Task pending name='" + name_of(task) + "' coro=<" + made.function + "> at " +
           at(made) + ">";
}

std::string describe_callback(const std::source_location& made_at) {
    const Place made = read_place(address_of(&made_at));
    if (made.line == 0) return "<Handle>";
    return "<Handle made in " + made.function + " at " + at(made) + ">";
}

std::string in_seconds(Nanoseconds span) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(span).count());
    return text;
}

}  // namespace

// ---- deciding

StallTracker::Verdict StallTracker::look(const LoopStep& step, Clock::time_point previous,
                                         Clock::time_point now, bool on_time,
                                         Nanoseconds slow) noexcept {
    if (step != step_) {
        most_ = now - before_;
        step_ = step;
        before_ = previous;
        first_ = now;
        told_ = false;
        if (std::exchange(slow_, false)) return Verdict::ended;
        least_ = Nanoseconds::zero();
        return Verdict::fine;
    }
    if (!on_time && !slow_) first_ = now;
    least_ = now - first_;
    if (!step.running) return Verdict::fine;
    if (!slow_) {
        slow_ = least_ >= slow;
        return slow_ ? Verdict::slow : Verdict::fine;
    }
    if (told_ || least_ / 10 < slow) return Verdict::fine;
    told_ = true;
    return Verdict::goes_on;
}

// ---- looking

// What a callback is lies where the loop's thread may change it: each value is read by itself, and
// the whole counts only if the callback still runs afterwards. Then it was alive all the time.
struct StallReader {
    LoopStep step;
    bool debug = false;
    Nanoseconds slow{};

    bool read(const EventLoop& loop) noexcept {
        const iovec into[] = {{&step.running, sizeof step.running},
                              {&step.callbacks, sizeof step.callbacks},
                              {&step.poll_due, sizeof step.poll_due},
                              {&debug, sizeof debug},
                              {&slow, sizeof slow}};
        const iovec of[] = {
            {address(loop.callback_), sizeof loop.callback_},
            {address(loop.callbacks_since_poll_), sizeof loop.callbacks_since_poll_},
            {address(loop.poll_due_), sizeof loop.poll_due_},
            {address(loop.debug_), sizeof loop.debug_},
            {address(loop.slow_callback_duration), sizeof loop.slow_callback_duration}};
        static_assert(std::size(into) == std::size(of));
        std::size_t bytes = 0;
        for (const iovec& part : into) bytes += part.iov_len;
        return process_vm_readv(getpid(), into, std::size(into), of, std::size(of), 0) ==
               static_cast<ssize_t>(bytes);
    }

    static Culprit culprit(const ReadyNode& node) {
        const ReadyKind* kind = nullptr;
        NodeIs is = NodeIs::other;
        if (read_memory(address_of(&node.kind), kind)) {
            static_cast<void>(read_memory(address_of(&kind->is), is));
        }
        switch (is) {
            case NodeIs::task: {
                const FutureBase& future = static_cast<const TaskBase&>(node);
                return {describe_task(address_of(&future)), frames_of(address_of(&future))};
            }
            case NodeIs::callback:
                return {describe_callback(static_cast<const Callback&>(node).made_at), ""};
            case NodeIs::timer_callback: {
                const TimerCallback* owner = nullptr;
                const auto& due = static_cast<const TimerCallback::Due&>(node);
                if (!read_memory(address_of(&due.owner), owner)) break;
                return {describe_callback(owner->made_at), ""};
            }
            case NodeIs::other:
                break;
        }
        return {};
    }

private:
    template <class T>
    static void* address(const T& field) noexcept {
        return const_cast<void*>(static_cast<const void*>(&field));
    }
};

// ---- the thread

class StallWatch::Watcher {
public:
    [[noreturn]] void run() {
        for (;;) {
            const Nanoseconds pause = std::exchange(pause_, time_between_looks_max);
            std::this_thread::sleep_for(pause);
            const Clock::time_point now = Clock::now();
            // Held up itself: a busy machine, a debugger, a laptop that was closed.
            const bool on_time = now - previous_ <= 2 * pause + time_between_looks_min;
            bool idle = true;
            for (std::size_t i = 0; i < watched.size(); ++i) {
                if (const EventLoop* loop = watched[i].load(std::memory_order_acquire)) {
                    idle &= look(*loop, seen_[i], now, on_time);
                }
            }
            previous_ = now;
            sleep_if(idle);
        }
    }

private:
    struct Seen {
        StallTracker tracker;
        Culprit culprit;
    };

    // Returns whether the loop waits.
    bool look(const EventLoop& loop, Seen& seen, Clock::time_point now, bool on_time) {
        StallReader found;
        // Debug mode times each callback, and reports it itself.
        if (!found.read(loop) || found.debug || found.slow <= Nanoseconds::zero()) return true;
        StallTracker& tracker = seen.tracker;
        switch (tracker.look(found.step, previous_, now, on_time, found.slow)) {
            case StallTracker::Verdict::slow: {
                // What was read is true if the callback runs still: it was there all the time.
                seen.culprit = StallReader::culprit(*found.step.running);
                StallReader again;
                if (!again.read(loop) || again.step != found.step) seen.culprit = {};
                break;
            }
            case StallTracker::Verdict::goes_on:
                tell(seen.culprit, "takes more than " + in_seconds(tracker.took_least()) +
                                       " seconds and goes on");
                break;
            case StallTracker::Verdict::ended: {
                const Nanoseconds doubt = (tracker.took_most() - tracker.took_least()) / 2;
                tell(seen.culprit, "took " + in_seconds(tracker.took_least() + doubt) +
                                       " seconds, give or take " + in_seconds(doubt));
                break;
            }
            case StallTracker::Verdict::fine:
                break;
        }
        // A slow one is followed more closely, to tell how long it took.
        const Nanoseconds pause = tracker.is_slow() ? tracker.took_least() / 50 : found.slow / 4;
        pause_ = std::min(pause_, std::max(pause, time_between_looks_min));
        return found.step.running == nullptr;
    }

    static void tell(const Culprit& culprit, const std::string& took) {
        std::string text = "Executing " + culprit.what + " " + took;
        if (!culprit.frames.empty()) text += ", in or after the awaits" + culprit.frames;
        log(LogLevel::warning, text);
    }

    void sleep_if(bool idle) {
        idle_looks_ = idle ? idle_looks_ + 1 : 0;
        if (idle_looks_ <= idle_looks_max) return;
        // One more look after it was said: a loop that woke before it saw that is found running.
        if (asleep_.exchange(1) == 0) return;
        asleep_.wait(1);
        idle_looks_ = 0;
        pause_ = time_between_looks_min;
        previous_ = Clock::now();
    }

    std::array<Seen, loops_watched_max> seen_;
    Nanoseconds pause_ = time_between_looks_min;  // before the next look
    Clock::time_point previous_ = Clock::now();   // the look before
    int idle_looks_ = 0;
};

constinit std::atomic<std::uint32_t> StallWatch::asleep_{0};

void StallWatch::wake() noexcept {
    asleep_.store(0);
    asleep_.notify_one();
}

void StallWatch::add(EventLoop& loop) noexcept {
    const bool has_thread = thread_of_process.exchange(getpid()) == getpid();
    if (!has_thread) {
        // In the child of a fork these are the parent's.
        for (std::atomic<EventLoop*>& entry : watched) entry.store(nullptr);
    }
    for (std::atomic<EventLoop*>& entry : watched) {
        EventLoop* none = nullptr;
        if (entry.compare_exchange_strong(none, &loop)) break;
    }
    if (has_thread) return loop_woke();
    asleep_.store(0);
    // Signals are for the threads of the program.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread([] {
            pthread_setname_np(pthread_self(), "weft-stalls");
            Watcher().run();
        }).detach();
    } catch (...) {
        // No thread is to be had: nothing is watched.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void StallWatch::remove(EventLoop& loop) noexcept {
    for (std::atomic<EventLoop*>& entry : watched) {
        EventLoop* self = &loop;
        if (entry.compare_exchange_strong(self, nullptr)) return;
    }
}

}  // namespace weft::internal

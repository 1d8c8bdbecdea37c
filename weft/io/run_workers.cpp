// SPDX-License-Identifier: Apache-2.0
#include <weft/io/run_workers.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>

namespace weft {
namespace {

std::vector<int> usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cores;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int core = 0; core < CPU_SETSIZE; ++core) {
            if (CPU_ISSET(core, &set)) cores.push_back(core);
        }
    }
    if (cores.empty()) cores.push_back(0);
    return cores;
}

void stay_on(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
    if (error != 0) throw_os_error(error, "core " + std::to_string(core));
}

// One thread with its loop. The others reach it by messages only.
class Worker {
public:
    Worker(const WorkerFunction& function, std::size_t number) noexcept
        : function_(function), number_(number) {}

    /// Of its thread. Returns what it has failed with; null when it has ended otherwise.
    std::exception_ptr run_to_the_end(const RunWorkersOptions& options,
                                      const std::vector<int>& cores) noexcept {
        try {
            if (options.pin) stay_on(cores[number_ % cores.size()]);
            run(work(), options.runner);
        } catch (const CancelledError&) {
            const std::scoped_lock lock(mutex_);
            return is_to_end_ ? nullptr : std::current_exception();
        } catch (...) {
            return std::current_exception();
        }
        return nullptr;
    }

    /// Cancels it. A second call does so again.
    /// Thread: any.
    void cancel() {
        const std::scoped_lock lock(mutex_);
        is_to_end_ = true;
        if (loop_) loop_->call_soon_threadsafe([this] { task_->cancel(); });
    }

private:
    // The loop can be told something while this lives.
    class Reachable {
    public:
        explicit Reachable(Worker& worker) : worker_(worker) {
            const std::scoped_lock lock(worker.mutex_);
            if (worker.is_to_end_) throw CancelledError();
            worker.task_ = current_task();
            worker.loop_ = &get_running_loop();
        }
        Reachable(const Reachable&) = delete;
        Reachable& operator=(const Reachable&) = delete;
        ~Reachable() {
            const std::scoped_lock lock(worker_.mutex_);
            worker_.loop_ = nullptr;
        }

    private:
        Worker& worker_;
    };

    Coro<void> work() {
        const Reachable reachable(*this);
        co_await function_(number_);
    }

    const WorkerFunction& function_;
    const std::size_t number_;
    std::mutex mutex_;
    EventLoop* loop_ = nullptr;    // while it runs
    std::optional<AnyTask> task_;  // its thread's
    bool is_to_end_ = false;
};

// All of them, and the loop that waits for their end.
class Workers {
public:
    explicit Workers(EventLoop& loop) noexcept : loop_(loop) {}
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    ~Workers() { cancel_all(); }  // then the threads are joined

    void start(const WorkerFunction& function, const RunWorkersOptions& options) {
        const std::vector<int> cores = usable_cores();
        const std::size_t count = options.workers > 0 ? options.workers : cores.size();
        for (std::size_t number = 0; number < count; ++number) {
            Worker& worker = *workers_.emplace_back(std::make_unique<Worker>(function, number));
            try {
                threads_.emplace_back([this, &worker, options, cores] {
                    const std::exception_ptr error = worker.run_to_the_end(options, cores);
                    loop_.call_soon_threadsafe([this, error] { has_ended(error); });
                });
            } catch (const std::system_error& error) {
                throw_os_error(error.code().value(),
                               "the thread of worker " + std::to_string(number));
            }
        }
    }
    void cancel_all() {
        for (const auto& worker : workers_) worker->cancel();
    }
    [[nodiscard]] Event& all_ended() noexcept { return all_ended_; }
    [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

private:
    void has_ended(const std::exception_ptr& error) {
        if (error) {
            if (errors_.empty()) cancel_all();
            errors_.push_back(error);
        }
        if (++ended_ == workers_.size()) all_ended_.set();
    }

    EventLoop& loop_;
    Event all_ended_;
    std::size_t ended_ = 0;
    std::vector<std::exception_ptr> errors_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::jthread> threads_;
};

Coro<void> supervise(const WorkerFunction& function, RunWorkersOptions options) {
    Workers workers(get_running_loop());
    workers.start(function, options);
    std::exception_ptr cancelled;
    while (!workers.all_ended().is_set()) {
        try {
            co_await workers.all_ended().wait();
        } catch (const CancelledError&) {
            cancelled = std::current_exception();
        }
        if (cancelled) workers.cancel_all();
    }
    const auto& errors = workers.errors();
    if (cancelled) {
        for (const std::exception_ptr& error : errors) {
            get_running_loop().call_exception_handler(
                {.message = "a worker failed while it was cancelled", .exception = error});
        }
        std::rethrow_exception(cancelled);
    }
    if (errors.size() == 1) std::rethrow_exception(errors.front());
    if (!errors.empty()) throw ExceptionGroup("workers failed", errors);
}

}  // namespace

void run_workers(const WorkerFunction& function, RunWorkersOptions options) {
    run(supervise(function, options), options.runner);
}

int main_of_workers(const WorkerFunction& function, RunWorkersOptions options) noexcept {
    return internal::run_as_program([&] {
        run_workers(function, options);
        return 0;
    });
}

}  // namespace weft

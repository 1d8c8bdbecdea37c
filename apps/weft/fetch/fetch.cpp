// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/fetch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <apps/weft/fetch/file_names.hpp>
#include <apps/weft/fetch/options.hpp>
#include <apps/weft/fetch/progress.hpp>
#include <apps/weft/fetch/report.hpp>
#include <apps/weft/fetch/result.hpp>
#include <apps/weft/fetch/url_list.hpp>
#include <apps/weft/process.hpp>
#include <sys/stat.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/download.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/url.hpp>
#include <weft/io/directories.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>

namespace weft::app {
namespace {

constexpr std::chrono::milliseconds redraw_interval(100);

struct Job {
    http::URL url;
    std::string name;
    std::string path;
    bool is_anothers = false;  // another run writes to its file
};

std::vector<Job> jobs_of(const FetchOptions& options, const FetchArguments& arguments) {
    std::vector<Job> jobs;
    FileNames names;
    const std::string folder = arguments.out.ends_with('/') ? arguments.out : arguments.out + "/";
    for (const http::URL& url : options.urls) {
        std::string name = arguments.name.empty() ? names.take(file_name_of(url)) : arguments.name;
        std::string path = arguments.out == "." ? name : folder + name;
        jobs.push_back({.url = url, .name = std::move(name), .path = std::move(path)});
    }
    return jobs;
}

// As the user has written it: 0.2 is no number of base two.
Delay delay_of(double seconds) {
    return std::chrono::round<std::chrono::microseconds>(std::chrono::duration<double>(seconds));
}

http::SessionOptions session_options(const FetchOptions& options, const FetchArguments& arguments) {
    const Delay patience = delay_of(arguments.timeout);
    http::ClientTimeout timeout{.total = std::nullopt,
                                .connect = patience,
                                .sock_connect = patience,
                                .sock_read = patience};
    if (arguments.max_time > 0) timeout.total = delay_of(arguments.max_time);
    // How often all of them together are repeated is for --retries to say.
    constexpr double without_end = std::numeric_limits<double>::infinity();
    return {.headers = options.headers,
            .timeout = timeout,
            .connector = http::TCPConnector({{.limit = arguments.concurrency}}),
            .proxy = options.proxy,
            .trust_env = true,
            .retry = {.attempts = arguments.retries + 1, .budget_max = without_end}};
}

// What there is to go on with.
std::uint64_t kept_bytes(const std::string& path) {
    struct stat found{};
    return ::stat((path + ".part").c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size)
                                                         : 0;
}

// One line, without the URL, which stands beside it.
std::string reason(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const http::ClientResponseError& failure) {
        if (failure.status() == 0) return failure.message();
        return std::to_string(failure.status()) + " " + failure.message();
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

std::optional<int> status_in(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const http::ClientResponseError& failure) {
        return failure.status() > 0 ? std::optional(failure.status()) : std::nullopt;
    } catch (...) {
        return std::nullopt;
    }
}

double seconds_since(TimePoint start) {
    return std::chrono::duration<double>(get_running_loop().time() - start).count();
}

class Fetching {
public:
    Fetching(const FetchOptions& options, const FetchArguments& arguments)
        : arguments_(arguments),
          jobs_(jobs_of(options, arguments)),
          session_(session_options(options, arguments)) {
        state_.urls = jobs_.size();
    }

    /// Errors: CancelledError   after it has told what was done.
    [[nodiscard]] Coro<int> run();

private:
    [[nodiscard]] Coro<void> fetch_all();
    [[nodiscard]] Coro<void> fetch_next_ones();
    [[nodiscard]] Coro<FetchResult> fetch_one(Job& job);
    [[nodiscard]] Coro<void> redraw();
    void add(FetchResult result);
    void tell_the_end(bool interrupted);
    void print(const std::string& text);

    const FetchArguments& arguments_;
    std::vector<Job> jobs_;
    http::ClientSession session_;
    std::size_t next_ = 0;
    std::vector<FetchResult> results_;
    ProgressState state_;
    ProgressLine line_;
    TimePoint started_ = get_running_loop().time();
};

Coro<int> Fetching::run() {
    try {
        co_await fetch_all();
    } catch (const CancelledError&) {
        tell_the_end(true);
        throw;
    }
    tell_the_end(false);
    co_await session_.close();
    co_return state_.failed == 0 ? 0 : 1;
}

Coro<void> Fetching::fetch_all() {
    co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
        const Task<void> drawing = group.create_task(redraw());
        co_await TaskGroup::scope([&](TaskGroup& fetchers) {
            const std::size_t count = std::min(arguments_.concurrency, jobs_.size());
            for (std::size_t i = 0; i < count; ++i) fetchers.create_task(fetch_next_ones());
        });
        drawing.cancel();
    });
}

Coro<void> Fetching::fetch_next_ones() {
    while (next_ < jobs_.size()) add(co_await fetch_one(jobs_[next_++]));
}

// Keeps track of a file that comes, for as long as it does.
class Track {
public:
    Track(ProgressState& state, const std::string& name)
        : state_(state), place_(state.coming.insert(state.coming.end(), Coming{.name = name})) {}
    Track(const Track&) = delete;
    Track& operator=(const Track&) = delete;
    ~Track() { state_.coming.erase(place_); }

    void on_progress(const http::DownloadProgress& progress) {
        // Where a body begins, the bytes are of an earlier one.
        if (last_ && progress.bytes > *last_) {
            received_ += progress.bytes - *last_;
            state_.received += progress.bytes - *last_;
        }
        last_ = progress.bytes;
        place_->bytes = progress.bytes;
        place_->total = progress.total;
    }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

private:
    ProgressState& state_;
    std::list<Coming>::iterator place_;
    std::optional<std::uint64_t> last_;
    std::uint64_t received_ = 0;
};

Coro<FetchResult> Fetching::fetch_one(Job& job) {
    FetchResult result{.url = printable(job.url.human_repr()),
                       .host = printable(std::string(job.url.host_port_subcomponent())),
                       .file = job.path};
    const TimePoint started = get_running_loop().time();
    Track track(state_, job.name);
    if (arguments_.skip_existing) {
        const auto there = co_await as_result(os::exists(job.path));
        result.skipped = there && *there;
        if (!there) result.error = printable(reason(there.error()));
        if (!there || *there) co_return result;
    }
    const auto on_progress = [&](const http::DownloadProgress& at) { track.on_progress(at); };
    auto downloading =
        http::download(session_.get(job.url), job.path, {.on_progress = on_progress});
    const auto done = co_await as_result(std::move(downloading));
    if (done) {
        result.status = done->status;
        result.bytes = done->size;
        result.resumed_from = done->resumed_from;
        result.attempts = done->attempts;
    } else {
        result.status = status_in(done.error());
        job.is_anothers = holds<BlockingIOError>(done.error());
        if (!job.is_anothers) result.bytes = kept_bytes(job.path);
        result.error = printable(reason(done.error()));
    }
    result.received = track.received();
    result.seconds = seconds_since(started);
    co_return result;
}

Coro<void> Fetching::redraw() {
    while (line_.is_shown()) {
        state_.seconds = seconds_since(started_);
        line_.show(state_);
        co_await sleep(redraw_interval);
    }
}

void Fetching::add(FetchResult result) {
    ++state_.ended;
    if (result.failed()) ++state_.failed;
    print(arguments_.json ? as_json(result) : as_line(result) + "\n");
    results_.push_back(std::move(result));
}

void Fetching::tell_the_end(bool interrupted) {
    const FetchSummary summary{.results = results_,
                               .urls = jobs_.size(),
                               .seconds = seconds_since(started_),
                               .interrupted = interrupted};
    print(arguments_.json ? as_json(summary) : "\n" + as_table(summary));
    if (!interrupted) return;
    const auto partial = std::ranges::count_if(
        jobs_, [](const Job& job) { return !job.is_anothers && kept_bytes(job.path) > 0; });
    std::string told = "weft: interrupted";
    if (partial > 0) {
        told += "; what has come is kept in NAME.part (" + std::to_string(partial) +
                (partial == 1 ? " file" : " files") + "), and the same command goes on with it";
    }
    std::fprintf(stderr, "%s\n", told.c_str());
}

// At once, also into a pipe.
void Fetching::print(const std::string& text) {
    line_.clear();
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

Coro<void> make_folder(const std::string& path) {
    auto making = os::makedirs(path, {.exist_ok = true});
    const auto made = co_await as_result(std::move(making));
    if (!made) throw UsageError("--out: " + message(made.error()));
}

}  // namespace

Coro<int> fetch(const FetchOptions& options, const FetchArguments& arguments) {
    co_await make_folder(arguments.out);
    Fetching fetching(options, arguments);
    co_return co_await fetching.run();
}

}  // namespace weft::app

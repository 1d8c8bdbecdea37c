// SPDX-License-Identifier: Apache-2.0
// Goal:   whenever an operation is given up, no byte is lost or doubled, and no descriptor, no child,
//         no task and no file is left.
// Method: everything that waits is done at once, many times over, and given up at random moments. A
//         loop after the other; every other one ends in the middle of it all.
// usage:  storm [SECONDS]    WEFT_SOAK_SEED in the environment makes the same choices once more
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "dice.hpp"
#include "soak.hpp"
#include "storm.hpp"
#include "storms.hpp"
#include <stdlib.h>
#include <sys/wait.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/inspect.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/testing/descriptors.hpp>

namespace weft::soak {
namespace {

using namespace std::chrono_literals;
using testing::open_descriptors;

// So long without an operation that ends: somebody waits for ever. A machine may be busy.
constexpr auto silence_max = 60s;
// For kinds of which one side has not won yet.
constexpr int more_loops_max = 20;

Storm& storm() {
    static Storm one;
    return one;
}

struct Played {
    std::shared_ptr<Part> part;
    int players;
};

std::vector<Played> all_parts(const std::string& folder) {
    return {
        {sock_storm(Road::tcp, folder), 2},
        {sock_storm(Road::unix_socket, folder), 2},
        {stream_storm(Road::tcp, false, folder), 3},
        {stream_storm(Road::unix_socket, false, folder), 3},
        {stream_storm(Road::tcp, true, folder), 3},
        {stream_storm(Road::unix_socket, true, folder), 2},
        {upgrade_storm(), 2},
        {datagram_storm(Road::tcp), 1},
        {datagram_storm(Road::unix_socket), 1},
        {file_storm(folder), 3},
        {process_storm(), 3},
        {name_storm(), 2},
    };
}

// Owns the part, since the loop may end while it plays.
Coro<void> play(std::shared_ptr<Part> part, Player me, TimePoint end) {
    do {
        const auto ended = co_await as_result(part->round(me));
        if (!ended) me.fail(ended.error());
        me.round_is_over();
    } while (get_running_loop().time() < end && storm().failures() == 0);
}

void somebody_waits_for_ever(const std::string& what) {
    print_call_graph(stderr);
    storm().fail(what);
}

Coro<void> close_all(std::vector<std::pair<std::shared_ptr<Part>, Player>>& hosts) {
    for (auto& [part, host] : hosts) co_await part->close(host);
}

// How many operations have ended.
std::uint64_t progress() {
    std::uint64_t sum = 0;
    for (const Tally& tally : storm().tallies()) sum += tally.done + tally.given_up + tally.refused;
    return sum;
}

// Each ends its round, and then all that was begun is ended: nobody is left.
Coro<void> end_in_order(std::vector<Task<void>> players,
                        std::vector<std::pair<std::shared_ptr<Part>, Player>>& hosts, Delay span) {
    for (;;) {
        const std::uint64_t before = progress();
        const auto [done, pending] = co_await wait(players, {.timeout = span.get() + silence_max});
        if (pending.empty()) break;
        if (progress() == before) co_return somebody_waits_for_ever("a round does not end");
    }
    const auto closed = co_await as_result(wait_for(close_all(hosts), silence_max));
    if (!closed) co_return somebody_waits_for_ever(describe(closed.error()));
    const TimePoint limit = get_running_loop().time() + silence_max;
    while (all_tasks().size() > 1 && get_running_loop().time() < limit) co_await sleep(1ms);
    if (all_tasks().size() > 1) somebody_waits_for_ever("tasks are left");
}

Coro<void> play_all(const std::string& folder, Dice dice, Delay span, bool to_the_end) {
    EventLoop& loop = get_running_loop();
    loop.slow_callback_duration = Nanoseconds::zero();  // nothing to tell of here
    storm().loop_ends_in_the_middle(false);
    loop.set_exception_handler([](EventLoop&, const ExceptionContext& context) {
        if (context.exception) return storm().fail(context.message, context.exception);
        storm().fail(context.message);
    });
    std::vector<std::pair<std::shared_ptr<Part>, Player>> hosts;
    std::vector<Task<void>> players;
    const TimePoint end = loop.time() + span.get();
    for (const auto& [part, count] : all_parts(folder)) {
        Player& host =
            hosts.emplace_back(part, Player(storm(), storm().tally(part->name()), dice.another()))
                .second;
        co_await part->open(host);
        for (int i = 0; i < count; ++i) {
            players.push_back(create_task(play(part, host.another(), end), {.name = part->name()}));
        }
    }
    if (to_the_end) {
        co_await end_in_order(std::move(players), hosts, span);
    } else {
        co_await sleep(span);
        storm().loop_ends_in_the_middle(true);
    }
}

// What an atomic replacement is made of.
bool has_temporary_files(const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/files")) {
        if (entry.path().has_extension()) return true;
    }
    return false;
}

bool has_child() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

// A loop that ends in the middle kills its children, and waits but a second for their end.
bool has_child_that_lives() {
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < limit) {
        int status = 0;
        const pid_t ended = ::waitpid(-1, &status, WNOHANG);
        if (ended < 0) return errno != ECHILD;
        if (ended > 0 && !WIFSIGNALED(status)) return true;
        if (ended == 0) std::this_thread::sleep_for(1ms);
    }
    return true;
}

void play_in_a_loop(Dice dice, Delay span, bool to_the_end) {
    const std::size_t descriptors = open_descriptors();
    {
        const Folder folder;
        run(play_all(folder.path(), dice.another(), span, to_the_end));
        storm().expect(!has_temporary_files(folder.path()), "a temporary file is left");
    }
    const std::size_t left = open_descriptors();
    storm().expect(left == descriptors, "of " + std::to_string(descriptors) + " descriptors " +
                                            std::to_string(left) + " are left");
    storm().expect(to_the_end ? !has_child() : !has_child_that_lives(), "a child is left");
}

// Nothing is to be reported but what was given up before it began.
void fail_for(LogLevel, std::string_view report) noexcept {
    if (report.find("was never awaited") == std::string_view::npos)
        storm().fail(std::string(report));
}

bool each_side_has_won() {
    for (const Tally& tally : storm().tallies()) {
        if (tally.done == 0 || tally.given_up == 0) return false;
    }
    return true;
}

void print_tallies() {
    std::printf("%-16s %9s %9s %9s %9s\n", "", "rounds", "done", "given up", "errors");
    for (const Tally& tally : storm().tallies()) {
        std::printf("%-16s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
                    tally.kind.c_str(), tally.rounds, tally.done, tally.given_up, tally.refused);
    }
}

int storm_for(Seconds time) {
    const std::uint64_t first = seed();
    std::printf("storm: %g s, WEFT_BACKEND=%s WEFT_SOAK_SEED=%" PRIu64 "\n", time.count(),
                backend_name().c_str(), first);
    set_log_hook(fail_for);
    // What this machine's settings would add to the names.
    ::setenv("LOCALDOMAIN", "", 1);
    ::setenv("RES_OPTIONS", "ndots:1", 1);
    Dice dice(first);
    const Seconds span = std::min(time / 3, Seconds(2));
    const auto end = std::chrono::steady_clock::now() + time;
    int more = 0;
    for (int loops = 0; storm().failures() == 0; ++loops) {
        const bool is_over = std::chrono::steady_clock::now() >= end;
        if (is_over && (each_side_has_won() || ++more > more_loops_max)) break;
        play_in_a_loop(dice.another(), span, loops % 2 == 0);
    }
    print_tallies();
    storm().expect(each_side_has_won(), "one side has never won");
    if (storm().failures() == 0) return 0;
    std::fprintf(stderr, "FAILED with WEFT_BACKEND=%s WEFT_SOAK_SEED=%" PRIu64 "\n",
                 backend_name().c_str(), first);
    return 1;
}

}  // namespace
}  // namespace weft::soak

int main(int argc, char** argv) {
    using namespace weft::soak;
    return run_program(argc, argv, Seconds(3), storm_for);
}

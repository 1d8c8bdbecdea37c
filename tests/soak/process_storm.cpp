// SPDX-License-Identifier: Apache-2.0
// Processes in the storm: what goes through one comes back whole, and one that is given up ends.
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pattern.hpp"
#include "storm.hpp"
#include "storms.hpp"
#include <signal.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::soak {
namespace {

using namespace std::chrono_literals;
using subprocess::pipe;

// More than a pipe holds; twice as much is still one piece of the pattern.
constexpr std::size_t text_bytes_max = 100'000;

Coro<Process> cat(bool kill_on_cancel) {
    std::vector<std::string> program{"cat"};
    co_return co_await create_subprocess_exec(
        std::move(program), {.stdin_ = pipe, .stdout_ = pipe, .kill_on_cancel = kill_on_cancel});
}

void kill_if_running(const Process& process) {
    try {
        process.kill();
    } catch (const ProcessLookupError&) {
        // It has ended.
    }
}

// Notes that it has begun: only then has a cancellation something to kill.
Coro<std::pair<std::optional<Bytes>, std::optional<Bytes>>> communicate(Process process, Bytes text,
                                                                        bool& has_begun) {
    has_begun = true;
    co_return co_await process.communicate(std::move(text));
}

Coro<void> communicate_or_kill(Player& me) {
    const bool kill_on_cancel = me.dice.one_in(2);
    const Process process = co_await cat(kill_on_cancel);
    const Bytes text(pattern(0, me.dice.magnitude(text_bytes_max)));
    bool has_begun = false;
    const auto heard = co_await me.in_haste(communicate(process, text, has_begun));
    if (heard) {
        me.expect(heard->first == text, "a process gave other bytes than it got");
        me.expect(process.returncode() == 0, "a process has failed");
        co_return;
    }
    if (!kill_on_cancel || !has_begun) kill_if_running(process);
    const int code = co_await process.wait();
    me.expect(code == -SIGKILL || code == 0, "a process has failed");
}

// Each wait may be given up, and nothing is lost.
Coro<void> talk(Player& me) {
    const Process process = co_await cat(false);
    const std::size_t bytes = me.dice.magnitude(text_bytes_max);
    Arrival arrival(0);
    const auto both = [&](TaskGroup& group) -> Coro<void> {
        group.create_task([](Player other, Process to, std::size_t count) -> Coro<void> {
            to.stdin_()->write(pattern(0, count));
            while (!co_await other.in_haste(to.stdin_()->drain())) {
            }
            to.stdin_()->close();
            while (!co_await other.in_haste(to.stdin_()->wait_closed())) {
            }
        }(me.another(), process, bytes));
        while (!process.stdout_()->at_eof()) {
            const auto most = static_cast<std::ptrdiff_t>(me.dice.magnitude(30'000));
            const auto some = co_await me.in_haste(process.stdout_()->read(most));
            if (some) arrival.take(*some);
        }
    };
    co_await TaskGroup::scope(both);
    me.expect(arrival.is_right() && arrival.bytes() == bytes,
              "a process gave other bytes than it got");
    std::optional<int> code;
    while (!code) code = co_await me.in_haste(process.wait());
    me.expect(code == 0, "a process has failed");
}

Coro<void> wait_for_code(Player& me) {
    const Process process = co_await create_subprocess_shell("exit 7");
    std::optional<int> code;
    while (!code) code = co_await me.in_haste(process.wait());
    me.expect(code == 7, "a process ended with " + std::to_string(*code));
}

// Whose handle goes is killed, and is no zombie.
Coro<void> drop(Player& me) {
    std::vector<std::string> program{"sleep", "1000"};
    std::optional<Process> process = co_await create_subprocess_exec(std::move(program));
    const int pid = process->pid();
    const auto moment = me.dice.moment();
    static_cast<void>(co_await as_result(wait_for(process->wait(), moment)));
    process.reset();
    while (::kill(pid, 0) == 0) co_await sleep(1ms);
}

class ProcessStorm final : public Part {
public:
    [[nodiscard]] std::string name() const override { return "processes"; }
    Coro<void> open(Player&) override { co_return; }
    Coro<void> close(Player&) override { co_return; }

    Coro<void> round(Player& me) override {
        switch (me.dice.up_to(5)) {
            case 0:
                co_await wait_for_code(me);
                break;
            case 1:
                co_await drop(me);
                break;
            case 2:
                co_await talk(me);
                break;
            default:
                co_await communicate_or_kill(me);
                break;
        }
    }
};

}  // namespace

std::shared_ptr<Part> process_storm() { return std::make_shared<ProcessStorm>(); }

}  // namespace weft::soak

// SPDX-License-Identifier: Apache-2.0
// Goal:   in any nesting of scopes an outside cancellation is observed exactly once, everything
//         structured ends before its scope does, nothing is left, nothing hangs.
// Method: random trees, each from its seed, run in a virtual loop and cancelled at a random turn.
//         A failure prints the seed; WEFT_FUZZ_SEED=n runs that tree alone and prints it,
//         WEFT_FUZZ_TREES=n runs so many.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

enum class Kind {
    sleep,
    fail,
    sequence,
    group,
    group_that_cancels,
    timeout,
    wait_for,
    move_on_after,
    cancelled_scope,
    shielded,
    shield,
    gather,
    gather_or_cancel,
    try_finally,
    transparent,
    count
};
constexpr const char* kind_names[] = {
    "sleep",   "fail",     "sequence",         "group",           "group_that_cancels",
    "timeout", "wait_for", "move_on_after",    "cancelled_scope", "shielded",
    "shield",  "gather",   "gather_or_cancel", "try_finally",     "transparent"};

struct Node {
    Kind kind = Kind::sleep;
    Nanoseconds span{};
    std::vector<Node> children;
    const Node* parent = nullptr;  // up to what may outlive it: shield() and gather()
    mutable int inside = 0;        // frames of this node and below
};

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    int below(int end) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(end)); }

private:
    std::mt19937_64 engine_;
};

Node make_tree(Random& random, int depth, bool failures) {
    Node node;
    node.kind = depth == 0 ? (failures && random.below(4) == 0 ? Kind::fail : Kind::sleep)
                           : static_cast<Kind>(random.below(static_cast<int>(Kind::count)));
    if (node.kind == Kind::fail && !failures) node.kind = Kind::sleep;
    node.span = std::chrono::milliseconds(random.below(12));
    int children = 1;
    switch (node.kind) {
        case Kind::sleep:
        case Kind::fail:
            children = 0;
            break;
        case Kind::sequence:
        case Kind::group:
        case Kind::group_that_cancels:
            children = 1 + random.below(3);
            break;
        case Kind::gather:
        case Kind::gather_or_cancel:
        case Kind::try_finally:
            children = 2;
            break;
        default:
            break;
    }
    for (int i = 0; i < children; ++i) {
        node.children.push_back(make_tree(random, depth - 1, failures));
    }
    return node;
}

void link_parents(Node& node) {
    const bool lets_go = node.kind == Kind::shield || node.kind == Kind::gather;
    for (Node& child : node.children) {
        child.parent = lets_go ? nullptr : &node;
        link_parents(child);
    }
}

std::string to_text(const Node& node) {
    std::string text = std::string(kind_names[static_cast<int>(node.kind)]) + "(" +
                       std::to_string(node.span / std::chrono::milliseconds(1));
    for (const Node& child : node.children) text += ", " + to_text(child);
    return text + ")";
}

struct Observations {
    std::vector<std::string> wrong;
};

class Inside {
public:
    explicit Inside(const Node& node) : node_(node) {
        for (const Node* at = &node_; at; at = at->parent) ++at->inside;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() {
        for (const Node* at = &node_; at; at = at->parent) --at->inside;
    }

private:
    const Node& node_;
};

// Destroyed when a scope has ended, however it did.
struct ExpectEnded {
    const Node& node;
    int expected;
    Observations& seen;
    ~ExpectEnded() {
        if (node.inside != expected) {
            seen.wrong.push_back(std::string(kind_names[static_cast<int>(node.kind)]) +
                                 " ended before what is inside of it");
        }
    }
};

Coro<void> run(const Node& node, Observations& seen);

Coro<void> run_transparent(const Node& node, Observations& seen) {
    co_await transparent;
    const Inside inside(node);
    co_await run(node.children[0], seen);
    co_await sleep(node.span);
}

Coro<void> run_group(const Node& node, Observations& seen) {
    TaskGroup group;
    co_await with_async(group, [&]() -> Coro<void> {
        for (std::size_t i = 1; i < node.children.size(); ++i) {
            group.create_task(run(node.children[i], seen));
        }
        co_await run(node.children[0], seen);
        if (node.kind == Kind::group_that_cancels) group.cancel();
        co_await sleep(node.span);
    });
}

Coro<void> run_gather(const Node& node, Observations& seen) {
    if (node.kind == Kind::gather_or_cancel) {
        co_await gather_or_cancel(run(node.children[0], seen), run(node.children[1], seen));
    } else {
        co_await gather(run(node.children[0], seen), run(node.children[1], seen));
    }
}

Coro<void> run_scope(const Node& node, Observations& seen) {
    const auto body = [&]() -> Coro<void> { co_await run(node.children[0], seen); };
    switch (node.kind) {
        case Kind::timeout:
            // A TimeoutError ends here, as in most programs.
            try {
                co_await timeout(node.span, body);
            } catch (const TimeoutError&) {
            }
            break;
        case Kind::wait_for:
            try {
                co_await wait_for(run(node.children[0], seen), node.span);
            } catch (const TimeoutError&) {
            }
            break;
        case Kind::move_on_after:
            co_await move_on_after(node.span, body);
            break;
        case Kind::cancelled_scope: {
            CancelScope scope;
            struct Canceller {
                TimerHandle timer;
                ~Canceller() { timer.cancel(); }
            } const canceller{
                get_running_loop().call_later(node.span, [&scope] { scope.cancel(); })};
            co_await with_async(scope, body);
            break;
        }
        case Kind::shielded:
            co_await shielded(body);
            break;
        case Kind::try_finally:
            co_await try_finally(body,
                                 [&]() -> Coro<void> { co_await run(node.children[1], seen); });
            break;
        default:
            break;
    }
}

Coro<void> run(const Node& node, Observations& seen) {
    const ExpectEnded ended{node, 0, seen};
    const Inside inside(node);
    const ExpectEnded all_but_this{node, 1, seen};
    switch (node.kind) {
        case Kind::sleep:
            co_await sleep(node.span);
            break;
        case Kind::fail:
            co_await sleep(node.span);
            throw ValueError("on purpose");
        case Kind::sequence:
            for (const Node& child : node.children) co_await run(child, seen);
            break;
        case Kind::group:
        case Kind::group_that_cancels:
            co_await run_group(node, seen);
            break;
        case Kind::gather:
        case Kind::gather_or_cancel:
            co_await run_gather(node, seen);
            break;
        case Kind::shield:
            co_await shield(run(node.children[0], seen));
            break;
        case Kind::transparent:
            co_await run_transparent(node, seen);
            break;
        default:
            co_await run_scope(node, seen);
            break;
    }
}

struct Ends {
    int cancelled = 0;  // how often a CancelledError came
    bool failed = false;
    bool over = false;  // it came too late
};

Coro<void> run_root(const Node& tree, Observations& seen, Ends& ends) {
    const AnyTask self = current_task();
    try {
        co_await run(tree, seen);
    } catch (const CancelledError&) {
        ++ends.cancelled;
    } catch (const std::exception&) {
        ends.failed = true;
    }
    for (int i = 0; i < 2; ++i) {
        try {
            co_await sleep(std::chrono::seconds(0));
        } catch (const CancelledError&) {
            ++ends.cancelled;
        }
    }
    ends.over = true;
}

// Returns what is wrong.
std::vector<std::string> run_tree(std::uint64_t seed) {
    Random random(seed);
    const bool failures = random.below(3) == 0;
    Node tree = make_tree(random, 1 + random.below(5), failures);
    link_parents(tree);
    const int cancels = random.below(4) == 0 ? 0 : random.below(5) == 0 ? 2 : 1;
    int next_cancel = random.below(24);
    if (std::getenv("WEFT_FUZZ_SEED")) {
        std::fprintf(stderr, "%s, %d cancels, first at %d\n", to_text(tree).c_str(), cancels,
                     next_cancel);
    }

    Observations seen;
    Ends ends;
    testing::VirtualLoop virtual_loop;
    EventLoop& loop = virtual_loop.loop();
    int sent = 0;
    try {
        const Task<void> task = loop.create_task(run_root(tree, seen, ends));
        for (int turn = 0; !task.done(); ++turn) {
            if (turn > 5000) {
                seen.wrong.push_back("does not end");
                return seen.wrong;
            }
            if (sent < cancels && turn == next_cancel) {
                // The last two awaits are there to observe, not to be cancelled.
                if (tree.inside > 0 && task.cancel()) ++sent;
                next_cancel += 1 + random.below(6);
            }
            loop.run_one_turn();
        }
        if (task.cancelled()) {
            if (sent == 0) seen.wrong.push_back("ends cancelled by nobody");
        } else if (task.exception()) {
            seen.wrong.push_back("ends with " + describe(task.exception()));
        }
        if (task.cancelling() != static_cast<std::uint32_t>(sent)) {
            seen.wrong.push_back("cancelling() is " + std::to_string(task.cancelling()) +
                                 " after " + std::to_string(sent));
        }
        virtual_loop.settle();
    } catch (...) {
        seen.wrong.push_back(describe(std::current_exception()));
        return seen.wrong;
    }
    if (ends.over && ends.cancelled > sent) {
        seen.wrong.push_back(std::to_string(sent) + " cancellations were observed " +
                             std::to_string(ends.cancelled) + " times");
    }
    // An error that cleanup throws may take the place of a cancellation, as in Python.
    if (ends.over && sent > 0 && ends.cancelled == 0 && !ends.failed && !failures) {
        seen.wrong.push_back("a cancellation was lost");
    }
    if (virtual_loop.task_count() != 0) seen.wrong.push_back("tasks are left");
    if (virtual_loop.timer_count() != 0) seen.wrong.push_back("timers are left");
    if (tree.inside != 0) seen.wrong.push_back("frames are left");
    for (const std::string& report : virtual_loop.reports()) {
        if (!failures) seen.wrong.push_back("reported: " + report);
    }
    return seen.wrong;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(CancelTreeFuzz, an_outside_cancellation_is_observed_exactly_once) {
    const std::uint64_t only = number_from("WEFT_FUZZ_SEED", 0);
    const std::uint64_t trees = number_from("WEFT_FUZZ_TREES", 4000);
    int failed = 0;
    for (std::uint64_t seed = only ? only : 1; seed <= (only ? only : trees) && failed < 10;
         ++seed) {
        const std::vector<std::string> wrong = run_tree(seed);
        for (const std::string& what : wrong) ADD_FAILURE() << "seed " << seed << ": " << what;
        failed += !wrong.empty();
    }
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/cancel_tree.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <weft/base/at_end.hpp>
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
#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft::testing {
namespace {

constexpr int turns_max = 5000;

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

Node make_tree(Choices& choices, int depth, bool failures) {
    Node node;
    node.kind = depth == 0 ? (failures && choices.below(4) == 0 ? Kind::fail : Kind::sleep)
                           : static_cast<Kind>(choices.below(static_cast<int>(Kind::count)));
    if (node.kind == Kind::fail && !failures) node.kind = Kind::sleep;
    node.span = std::chrono::milliseconds(choices.below(12));
    int children = 1;
    switch (node.kind) {
        case Kind::sleep:
        case Kind::fail:
            children = 0;
            break;
        case Kind::sequence:
        case Kind::group:
        case Kind::group_that_cancels:
            children = 1 + choices.below(3);
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
        node.children.push_back(make_tree(choices, depth - 1, failures));
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

void tell(Story& story, const Node& node, int depth = 0) {
    story.tell(std::string(static_cast<std::size_t>(2 * depth), ' ') +
               kind_names[static_cast<int>(node.kind)] + ' ' +
               std::to_string(node.span / std::chrono::milliseconds(1)));
    for (const Node& child : node.children) tell(story, child, depth + 1);
}

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
    Story& story;
    ~ExpectEnded() {
        if (node.inside != expected) {
            story.object(std::string(kind_names[static_cast<int>(node.kind)]) +
                         " ended before what is inside of it");
        }
    }
};

Coro<void> run(const Node& node, Story& story);

Coro<void> run_transparent(const Node& node, Story& story) {
    co_await transparent;
    const Inside inside(node);
    co_await run(node.children[0], story);
    co_await sleep(node.span);
}

Coro<void> run_group(const Node& node, Story& story) {
    TaskGroup group;
    co_await with_async(group, [&]() -> Coro<void> {
        for (std::size_t i = 1; i < node.children.size(); ++i) {
            group.create_task(run(node.children[i], story));
        }
        co_await run(node.children[0], story);
        if (node.kind == Kind::group_that_cancels) group.cancel();
        co_await sleep(node.span);
    });
}

Coro<void> run_gather(const Node& node, Story& story) {
    if (node.kind == Kind::gather_or_cancel) {
        co_await gather_or_cancel(run(node.children[0], story), run(node.children[1], story));
    } else {
        co_await gather(run(node.children[0], story), run(node.children[1], story));
    }
}

Coro<void> run_scope(const Node& node, Story& story) {
    const auto body = [&]() -> Coro<void> { co_await run(node.children[0], story); };
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
                co_await wait_for(run(node.children[0], story), node.span);
            } catch (const TimeoutError&) {
            }
            break;
        case Kind::move_on_after:
            co_await move_on_after(node.span, body);
            break;
        case Kind::cancelled_scope: {
            CancelScope scope;
            TimerHandle timer =
                get_running_loop().call_later(node.span, [&scope] { scope.cancel(); });
            const AtEnd cancel([&timer] { timer.cancel(); });
            co_await with_async(scope, body);
            break;
        }
        case Kind::shielded:
            co_await shielded(body);
            break;
        case Kind::try_finally:
            co_await try_finally(body,
                                 [&]() -> Coro<void> { co_await run(node.children[1], story); });
            break;
        default:
            break;
    }
}

Coro<void> run(const Node& node, Story& story) {
    const ExpectEnded ended{node, 0, story};
    const Inside inside(node);
    const ExpectEnded all_but_this{node, 1, story};
    switch (node.kind) {
        case Kind::sleep:
            co_await sleep(node.span);
            break;
        case Kind::fail:
            co_await sleep(node.span);
            throw ValueError("on purpose");
        case Kind::sequence:
            for (const Node& child : node.children) co_await run(child, story);
            break;
        case Kind::group:
        case Kind::group_that_cancels:
            co_await run_group(node, story);
            break;
        case Kind::gather:
        case Kind::gather_or_cancel:
            co_await run_gather(node, story);
            break;
        case Kind::shield:
            co_await shield(run(node.children[0], story));
            break;
        case Kind::transparent:
            co_await run_transparent(node, story);
            break;
        default:
            co_await run_scope(node, story);
            break;
    }
}

struct Ends {
    int cancelled = 0;  // how often a CancelledError came
    bool failed = false;
    bool over = false;  // it came too late
};

Coro<void> run_root(const Node& tree, Story& story, Ends& ends) {
    try {
        co_await run(tree, story);
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

// When the task is cancelled from outside.
struct Cancels {
    int count;
    int first_turn;
    int gap;
};

Cancels make_cancels(Choices& choices) {
    const int count = choices.below(4) == 0 ? 0 : choices.below(5) == 0 ? 2 : 1;
    const int first_turn = choices.below(24);
    return {count, first_turn, 1 + choices.below(6)};
}

// Runs the tree until nothing is left to do. Returns how often it was cancelled.
int run_and_cancel(VirtualLoop& virtual_loop, const Node& tree, const Cancels& cancels,
                   Story& story, Ends& ends) {
    EventLoop& loop = virtual_loop.loop();
    const Task<void> task = loop.create_task(run_root(tree, story, ends));
    int sent = 0;
    int next_cancel = cancels.first_turn;
    for (int turn = 0; !task.done(); ++turn) {
        if (turn > turns_max) throw RuntimeError("does not end");
        // The last two awaits are there to observe, not to be cancelled.
        if (sent < cancels.count && turn == next_cancel) {
            if (tree.inside > 0 && task.cancel()) ++sent;
            next_cancel += cancels.gap;
        }
        loop.run_one_turn();
    }
    if (task.cancelled()) {
        if (sent == 0) story.object("ends cancelled by nobody");
    } else if (task.exception()) {
        story.object("ends with " + describe(task.exception()));
    }
    if (task.cancelling() != static_cast<std::uint32_t>(sent)) {
        story.object("cancelling() is " + std::to_string(task.cancelling()) + " after " +
                     std::to_string(sent));
    }
    virtual_loop.settle();
    return sent;
}

}  // namespace

Story run_cancel_tree(Choices& choices) {
    Story story;
    const bool failures = choices.below(3) == 1;
    const Cancels cancels = make_cancels(choices);
    Node tree = make_tree(choices, 1 + choices.below(5), failures);
    link_parents(tree);
    story.tell(std::to_string(cancels.count) + " cancels, first at turn " +
               std::to_string(cancels.first_turn) + ", then " + std::to_string(cancels.gap) +
               " turns later");
    tell(story, tree);

    Ends ends;
    VirtualLoop virtual_loop;
    int sent = 0;
    try {
        sent = run_and_cancel(virtual_loop, tree, cancels, story, ends);
    } catch (...) {
        story.object(describe(std::current_exception()));
        return story;
    }
    if (ends.over && ends.cancelled > sent) {
        story.object(std::to_string(sent) + " cancellations were observed " +
                     std::to_string(ends.cancelled) + " times");
    }
    // An error that cleanup throws may take the place of a cancellation, as in Python.
    if (ends.over && sent > 0 && ends.cancelled == 0 && !ends.failed && !failures) {
        story.object("a cancellation was lost");
    }
    if (virtual_loop.task_count() != 0) story.object("tasks are left");
    if (virtual_loop.timer_count() != 0) story.object("timers are left");
    if (tree.inside != 0) story.object("frames are left");
    for (const std::string& report : virtual_loop.reports()) {
        if (!failures) story.object("reported: " + report);
    }
    return story;
}

}  // namespace weft::testing

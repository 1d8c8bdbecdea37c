// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

class QueueGame final : public Game {
public:
    QueueGame(Choices& choices, Story& story)
        : Game(story),
          getters_(story),
          putters_(story),
          joiners_(story),
          queue_(choices.below(4)) {}

    Coro<void> play(Player& self) override {
        if (self.transparent_frame) co_await transparent;
        switch (self.move) {
            case 0:
                co_await join(self);
                break;
            case 1:
            case 2:
            case 3:
                co_await put(self);
                break;
            default:
                co_await get(self);
        }
    }
    void act(Choices& choices) override {
        switch (choices.below(6)) {
            case 0:
            case 1:
                put_nowait();
                break;
            case 2:
            case 3:
                get_nowait();
                break;
            case 4:
                finish_one();
                break;
            default:
                if (choices.below(4) == 1) shut_down(choices.below(2) == 1);
        }
    }
    void judge_quiet() override {
        compare();
        if (!items_.empty() || shut_down_) getters_.expect_nobody("there is something to get");
        if (!full() || shut_down_) putters_.expect_nobody("there is room");
        if (unfinished_ == 0) joiners_.expect_nobody("all work is done");
    }
    void let_go(EventLoop&) override {
        shut_down(true);
        while (unfinished_ > 0) finish_one();
    }
    void judge_end() override { compare(); }

private:
    Coro<void> put(Player& self) {
        if (self.transparent_frame) co_await transparent;
        Line::Place place(putters_, self);
        const int item = self.number;
        const auto done = co_await as_result(queue_.put(item));
        place.served();
        if (done) {
            was_put(item);
        } else {
            expect(shut_down_ && holds<QueueShutDown>(done.error()), "put() fails");
        }
    }
    Coro<void> get(Player& self) {
        if (self.transparent_frame) co_await transparent;
        {
            Line::Place place(getters_, self);
            const auto item = co_await as_result(queue_.get());
            place.served();
            if (item) {
                was_got(*item);
            } else {
                expect(items_.empty() && shut_down_ && holds<QueueShutDown>(item.error()),
                       "get() fails");
            }
        }
        co_await sleep(self.span);
        if (self.move != 7) finish_one();
    }
    Coro<void> join(Player& self) {
        if (self.transparent_frame) co_await transparent;
        Line::Place place(joiners_, self);
        self.owed = unfinished_ == 0;
        co_await queue_.join();
        place.served();
        expect(self.owed, "join() ends before all work was done");
    }

    void put_nowait() {
        const int item = --last_unasked_;
        story_.tell("put " + std::to_string(item));
        try {
            queue_.put_nowait(item);
            was_put(item);
        } catch (const QueueShutDown&) {
            expect(shut_down_, "is shut down by nobody");
        } catch (const QueueFull&) {
            expect(full(), "is full without a reason");
        }
    }
    void get_nowait() {
        story_.tell("get");
        try {
            was_got(queue_.get_nowait());
        } catch (const QueueShutDown&) {
            expect(items_.empty() && shut_down_, "is shut down by nobody");
        } catch (const QueueEmpty&) {
            expect(items_.empty(), "items were lost");
        }
    }
    void was_put(int item) {
        expect(!shut_down_ && !full(), "an item was put where none may be");
        items_.push_back(item);
        ++unfinished_;
        compare();
    }
    void was_got(int item) {
        expect(!items_.empty() && items_.front() == item, "the wrong item comes out");
        if (!items_.empty()) items_.pop_front();
        compare();
    }
    void finish_one() {
        if (unfinished_ == 0) return;
        queue_.task_done();
        if (--unfinished_ == 0) joiners_.owe_all();
    }
    void shut_down(bool immediate) {
        story_.tell(immediate ? "shut down at once" : "shut down");
        queue_.shutdown(immediate);
        shut_down_ = true;
        if (!immediate) return;
        // What was finished before it was got is not finished again.
        unfinished_ -= std::min(unfinished_, items_.size());
        items_.clear();
        if (unfinished_ == 0) joiners_.owe_all();
    }
    void compare() { expect(queue_.qsize() == items_.size(), "items were lost or doubled"); }
    [[nodiscard]] bool full() const {
        return queue_.maxsize() > 0 && items_.size() >= static_cast<std::size_t>(queue_.maxsize());
    }

    Line getters_;
    Line putters_;
    Line joiners_;
    std::deque<int> items_;
    std::size_t unfinished_ = 0;
    int last_unasked_ = 0;
    bool shut_down_ = false;
    Queue<int> queue_;
};

}  // namespace

std::unique_ptr<Game> make_queue_game(Choices& choices, Story& story) {
    return std::make_unique<QueueGame>(choices, story);
}

}  // namespace weft::testing

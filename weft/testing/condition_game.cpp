// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <memory>

#include <weft/runtime/condition.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

// A notification for each token.
class ConditionGame final : public Game {
public:
    explicit ConditionGame(Story& story) : Game(story), line_(story), room_(story) {}

    Coro<void> play(Player& self) override {
        if (self.transparent_frame) co_await transparent;
        const auto held = co_await condition_.scoped();
        if (self.move < 4) {
            while (tokens_ == 0) {
                Line::Place place(line_, self);
                co_await condition_.wait();
                place.served_in_order();
            }
            --tokens_;
        } else if (self.move == 4) {
            ++tokens_;
            condition_.notify_all();
        } else if (self.move < 7) {
            tokens_ += self.move - 4;
            condition_.notify(static_cast<std::size_t>(self.move - 4));
        }
        const Room::Stay stay(room_, 1);
        co_await sleep(self.span);
    }
    void judge_quiet() override {
        if (tokens_ > 0) line_.expect_nobody("a notification is there for it");
        expect(!condition_.locked(), "the lock stays locked");
    }
    void let_go(EventLoop&) override {
        tokens_ += static_cast<int>(line_.claims());
        if (!lock_.try_acquire()) return story_.object("the lock is not free");
        condition_.notify_all();
        lock_.release();
    }
    void judge_end() override { expect(!condition_.locked(), "the lock stays locked"); }

private:
    Line line_;
    Room room_;
    int tokens_ = 0;
    Lock lock_;
    Condition condition_{lock_};
};

}  // namespace

std::unique_ptr<Game> make_condition_game(Story& story) {
    return std::make_unique<ConditionGame>(story);
}

}  // namespace weft::testing

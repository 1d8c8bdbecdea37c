// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

class SemaphoreGame final : public Game {
public:
    SemaphoreGame(Choices& choices, Story& story)
        : Game(story),
          line_(story),
          room_(story),
          permits_(choices.below(4)),
          semaphore_(permits_) {}

    Coro<void> play(Player& self) override {
        if (self.transparent_frame) co_await transparent;
        Line::Place place(line_, self);
        const auto held = co_await semaphore_.scoped();
        place.served_in_order();
        const Room::Stay stay(room_, permits_);
        co_await sleep(self.span);
    }
    void act(Choices&) override {
        ++permits_;
        story_.tell("one more permit");
        semaphore_.release();
    }
    void judge_quiet() override {
        if (permits_ > 0) line_.expect_nobody("there are permits");
        expect(semaphore_.value() == permits_, "permits were lost or doubled");
    }
    void let_go(EventLoop&) override {
        ++permits_;
        semaphore_.release();
    }
    void judge_end() override { judge_quiet(); }

private:
    Line line_;
    Room room_;
    int permits_;
    Semaphore semaphore_;
};

}  // namespace

std::unique_ptr<Game> make_semaphore_game(Choices& choices, Story& story) {
    return std::make_unique<SemaphoreGame>(choices, story);
}

}  // namespace weft::testing

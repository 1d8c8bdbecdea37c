// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

class EventGame final : public Game {
public:
    explicit EventGame(Story& story) : Game(story), line_(story) {}

    Coro<void> play(Player& self) override {
        if (self.transparent_frame) co_await transparent;
        self.owed = event_.is_set();
        Line::Place place(line_, self);
        co_await event_.wait();
        place.served();
        expect(self.owed, "a wait ended before the event was set");
    }
    void act(Choices& choices) override {
        const int what = choices.below(3);
        story_.tell(what == 0 ? "set" : what == 1 ? "clear" : "set and clear");
        if (what != 1) {
            event_.set();
            line_.owe_all();
        }
        if (what != 0) event_.clear();
        owes_ = what == 0;
    }
    void judge_quiet() override {
        if (owes_) line_.expect_nobody("the event is set");
        expect(event_.is_set() == owes_, "the flag is wrong");
    }
    void let_go(EventLoop&) override {
        event_.set();
        line_.owe_all();
    }

private:
    Line line_;
    bool owes_ = false;
    Event event_;
};

}  // namespace

std::unique_ptr<Game> make_event_game(Story& story) { return std::make_unique<EventGame>(story); }

}  // namespace weft::testing

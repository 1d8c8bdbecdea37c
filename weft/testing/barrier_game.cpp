// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <memory>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/barrier.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

class BarrierGame final : public Game {
public:
    BarrierGame(Choices& choices, Story& story)
        : Game(story), line_(story), parties_(1 + choices.below(3)), barrier_(parties_) {}

    Coro<void> play(Player& self) override {
        if (self.transparent_frame) co_await transparent;
        if (self.move == 6) {
            was_broken_ = true;
            co_await barrier_.abort();
        } else if (self.move == 7) {
            was_broken_ = true;
            co_await barrier_.reset();
        } else {
            co_await wait(self);
        }
    }
    void judge_quiet() override {
        if (barrier_.broken()) {
            line_.expect_nobody("the barrier is broken");
        } else {
            expect(line_.claims() == static_cast<std::ptrdiff_t>(barrier_.n_waiting()),
                   "n_waiting() is wrong");
            expect(line_.claims() < parties_, "all have come, but they wait");
        }
        expect(disturbed_ || was_broken_ || passed_ % parties_ == 0,
               "some of a round did not pass");
    }
    void let_go(EventLoop& loop) override {
        was_broken_ = true;
        loop.create_task(barrier_.abort());
    }

private:
    Coro<void> wait(Player& self) {
        if (self.transparent_frame) co_await transparent;
        Line::Place place(line_, self);
        const auto index = co_await as_result(barrier_.wait());
        place.served();
        if (index) {
            ++passed_;
            expect(*index < static_cast<std::size_t>(parties_), "the index is wrong");
        } else {
            expect(was_broken_ && holds<BrokenBarrierError>(index.error()), "is broken by nobody");
        }
    }

    Line line_;
    int parties_;
    int passed_ = 0;
    bool was_broken_ = false;
    Barrier barrier_;
};

}  // namespace

std::unique_ptr<Game> make_barrier_game(Choices& choices, Story& story) {
    return std::make_unique<BarrierGame>(choices, story);
}

}  // namespace weft::testing

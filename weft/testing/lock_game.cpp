// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {
namespace {

class LockGame final : public Game {
public:
    explicit LockGame(Story& story) : Game(story), line_(story), room_(story) {}

    Coro<void> play(Player& self) override {
        if (self.transparent_frame) co_await transparent;
        Line::Place place(line_, self);
        if (self.move == 0) {
            co_await lock_.acquire();
            place.served_in_order();
            lock_.release();
            co_return;
        }
        const auto held = co_await lock_.scoped();
        place.served_in_order();
        const Room::Stay stay(room_, 1);
        co_await sleep(self.span);
    }
    void judge_quiet() override { line_.expect_nobody("nobody holds the lock"); }
    void judge_end() override { expect(!lock_.locked(), "the lock stays locked"); }

private:
    Line line_;
    Room room_;
    Lock lock_;
};

}  // namespace

std::unique_ptr<Game> make_lock_game(Story& story) { return std::make_unique<LockGame>(story); }

}  // namespace weft::testing

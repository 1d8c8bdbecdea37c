// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/sync_game.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/internal/game.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft::testing {
namespace {

constexpr int steps_max = 200;

std::unique_ptr<Game> make_game(Choices& choices, Story& story) {
    switch (choices.below(6)) {
        case 0:
            story.tell("Lock");
            return make_lock_game(story);
        case 1:
            story.tell("Semaphore");
            return make_semaphore_game(choices, story);
        case 2:
            story.tell("Condition");
            return make_condition_game(story);
        case 3:
            story.tell("Event");
            return make_event_game(story);
        case 4:
            story.tell("Queue");
            return make_queue_game(choices, story);
        default:
            story.tell("Barrier");
            return make_barrier_game(choices, story);
    }
}

class Match {
public:
    Match(Choices& choices, Story& story)
        : choices_(choices), story_(story), game_(make_game(choices, story)) {}

    void play() {
        const bool closes = choices_.below(4) == 1;
        for (int step = 0; step < steps_max && !choices_.empty(); ++step) {
            take_step();
            if (!story_.objections().empty()) return;
        }
        if (closes) {
            story_.tell("close the loop");
            loop_.loop().close();
        } else {
            calm_down();
            story_.tell("let all go");
            game_->let_go(loop_.loop());
            loop_.settle();
            for (std::size_t i = 0; i < tasks_.size(); ++i) judge(players_[i], tasks_[i]);
            if (loop_.task_count() != 0) story_.object("tasks are left");
            for (const std::string& report : loop_.reports()) story_.object("reported: " + report);
        }
        game_->judge_end();
    }

private:
    void take_step() {
        switch (choices_.below(8)) {
            case 0:
            case 1:
                story_.tell("a turn");
                loop_.run_turns(1);
                break;
            case 2:
                cancel_one();
                break;
            case 3:
                game_->act(choices_);
                break;
            case 4:
                calm_down();
                break;
            default:
                add_player();
        }
    }
    void add_player() {
        Player& player =
            players_.emplace_back(Player{.number = static_cast<int>(players_.size()),
                                         .transparent_frame = choices_.below(2) == 1,
                                         .move = choices_.below(8),
                                         .span = std::chrono::milliseconds(choices_.below(4))});
        story_.tell(name(player) + " comes, move " + std::to_string(player.move) + ", for " +
                    std::to_string(player.span / std::chrono::milliseconds(1)) + " ms" +
                    (player.transparent_frame ? ", transparent" : ""));
        tasks_.push_back(loop_.loop().create_task(game_->play(player)));
    }
    void cancel_one() {
        std::vector<std::size_t> alive;
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            if (!tasks_[i].done()) alive.push_back(i);
        }
        if (alive.empty()) return;
        const auto chosen =
            static_cast<std::size_t>(choices_.below(static_cast<int>(alive.size())));
        const std::size_t i = alive[chosen];
        story_.tell("cancel " + name(players_[i]));
        tasks_[i].cancel();
        players_[i].cancelled = true;
        game_->disturb();
    }
    void calm_down() {
        story_.tell("until nothing happens");
        loop_.settle();
        game_->judge_quiet();
    }
    void judge(const Player& player, const AnyTask& task) {
        if (!task.done()) {
            story_.object(name(player) + " does not end");
        } else if (task.cancelled() != player.cancelled) {
            story_.object(name(player) + (player.cancelled ? " swallows its cancellation"
                                                           : " was cancelled by nobody"));
        } else if (!task.cancelled() && task.exception()) {
            story_.object(name(player) + " ends with " + describe(task.exception()));
        }
    }

    Choices& choices_;
    Story& story_;
    std::unique_ptr<Game> game_;
    std::deque<Player> players_;
    VirtualLoop loop_;  // its tasks refer to what is above
    std::vector<AnyTask> tasks_;
};

}  // namespace

Story play_sync_game(Choices& choices) {
    Story story;
    try {
        Match(choices, story).play();
    } catch (...) {
        story.object(describe(std::current_exception()));
    }
    return story;
}

}  // namespace weft::testing

// SPDX-License-Identifier: Apache-2.0
// weft/testing/internal/game.hpp - what the games of sync_game.hpp have in common: players, those
// who wait, those who hold it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {

// A task, as the model sees it.
struct Player {
    int number;
    bool transparent_frame;
    int move;          // 0 to 7: what it does
    Nanoseconds span;  // how long it holds what it got
    bool cancelled = false;
    bool owed = false;  // what it waits for has come, so it must not wait any more
};

[[nodiscard]] inline std::string name(const Player& player) {
    return "task " + std::to_string(player.number);
}

// Who waits, in the order of coming. One that was cancelled has no claim any more.
class Line {
public:
    explicit Line(Story& story) : story_(story) {}

    [[nodiscard]] std::ptrdiff_t claims() const {
        return std::ranges::count(waiting_, false, &Player::cancelled);
    }
    void expect_nobody(const char* why) {
        for (const Player* player : waiting_) {
            if (!player->cancelled) story_.object(name(*player) + " waits, though " + why);
        }
    }
    void owe_all() {
        for (Player* player : waiting_) player->owed = true;
    }

    class Place {
    public:
        Place(Line& line, Player& player) : line_(line), player_(player) {
            line_.waiting_.push_back(&player_);
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { line_.waiting_.remove(&player_); }

        void served() {
            if (player_.cancelled) line_.story_.object(name(player_) + " is served, cancelled");
            line_.waiting_.remove(&player_);
        }
        void served_in_order() {
            const auto first = std::ranges::find(line_.waiting_, false, &Player::cancelled);
            if (first != line_.waiting_.end() && *first != &player_) {
                line_.story_.object(name(player_) + " overtakes " + name(**first));
            }
            served();
        }

    private:
        Line& line_;
        Player& player_;
    };

private:
    Story& story_;
    std::list<Player*> waiting_;
};

// Where only so many may be at a time.
class Room {
public:
    explicit Room(Story& story) : story_(story) {}

    class Stay {
    public:
        Stay(Room& room, int most) : room_(room) {
            if (++room_.inside_ > most) room_.story_.object("too many hold it");
        }
        Stay(const Stay&) = delete;
        Stay& operator=(const Stay&) = delete;
        ~Stay() { --room_.inside_; }

    private:
        Room& room_;
    };

private:
    Story& story_;
    int inside_ = 0;
};

class Game {
public:
    explicit Game(Story& story) : story_(story) {}
    Game(const Game&) = delete;
    Game& operator=(const Game&) = delete;
    virtual ~Game() = default;

    /// What a task does.
    virtual Coro<void> play(Player& self) = 0;
    /// Something that waits for nothing.
    virtual void act(Choices&) {}
    /// Nothing happens any more by itself: who waits must have a reason.
    virtual void judge_quiet() = 0;
    /// Takes the reasons away.
    virtual void let_go(EventLoop&) {}
    /// No task is left.
    virtual void judge_end() {}
    /// Not all that come will go on together.
    void disturb() noexcept { disturbed_ = true; }

protected:
    void expect(bool condition, const char* otherwise) {
        if (!condition) story_.object(otherwise);
    }
    Story& story_;
    bool disturbed_ = false;
};

[[nodiscard]] std::unique_ptr<Game> make_lock_game(Story& story);
[[nodiscard]] std::unique_ptr<Game> make_semaphore_game(Choices& choices, Story& story);
[[nodiscard]] std::unique_ptr<Game> make_condition_game(Story& story);
[[nodiscard]] std::unique_ptr<Game> make_event_game(Story& story);
[[nodiscard]] std::unique_ptr<Game> make_queue_game(Choices& choices, Story& story);
[[nodiscard]] std::unique_ptr<Game> make_barrier_game(Choices& choices, Story& story);

}  // namespace weft::testing

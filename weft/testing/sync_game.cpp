// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/sync_game.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/barrier.hpp>
#include <weft/runtime/condition.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft::testing {
namespace {

constexpr int steps_max = 200;

// A task, as the model sees it.
struct Player {
    int number;
    bool transparent_frame;
    int move;          // 0 to 7: what it does
    Nanoseconds span;  // how long it holds what it got
    bool cancelled = false;
    bool owed = false;  // what it waits for has come, so it must not wait any more
};

std::string name(const Player& player) { return "task " + std::to_string(player.number); }

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

std::unique_ptr<Game> make_game(Choices& choices, Story& story) {
    switch (choices.below(6)) {
        case 0:
            story.tell("Lock");
            return std::make_unique<LockGame>(story);
        case 1:
            story.tell("Semaphore");
            return std::make_unique<SemaphoreGame>(choices, story);
        case 2:
            story.tell("Condition");
            return std::make_unique<ConditionGame>(story);
        case 3:
            story.tell("Event");
            return std::make_unique<EventGame>(story);
        case 4:
            story.tell("Queue");
            return std::make_unique<QueueGame>(choices, story);
        default:
            story.tell("Barrier");
            return std::make_unique<BarrierGame>(choices, story);
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

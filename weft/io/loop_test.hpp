// SPDX-License-Identifier: Apache-2.0
// weft/io/loop_test.hpp - what the tests of a loop on a real system share.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/testing/log_capture.hpp>

namespace weft {

class Pipe {
public:
    Pipe() { EXPECT_EQ(::pipe(ends_), 0); }
    ~Pipe() {
        close_reader();
        ::close(ends_[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] int reader() const { return ends_[0]; }
    [[nodiscard]] int writer() const { return ends_[1]; }
    void write_byte() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
    void read_byte() const {
        char byte = 0;
        EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
    }
    void close_reader() {
        if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
    }

private:
    int ends_[2] = {};
};

template <class F>
std::string message_of(F function) {
    try {
        function();
    } catch (const Exception& error) {
        return error.what();
    }
    return "";
}

using testing::LogCapture;

class Loop : public ::testing::Test {
protected:
    void SetUp() override {
        loop_->set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
            reports_.push_back(context.message);
        });
    }
    void run_for(Nanoseconds span) {
        TimerHandle end = loop_->call_later(span, [this] { loop_->stop(); });
        loop_->run_forever();
        end.cancel();
    }

    std::unique_ptr<EventLoop> loop_ = new_event_loop();
    std::vector<std::string> reports_;
};

}  // namespace weft

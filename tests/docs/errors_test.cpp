// SPDX-License-Identifier: Apache-2.0
// The examples of groups of errors.
#include <exception>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::outcome;
using testing::thrown_by;
using testing::Trace;
using testing::VirtualLoop;

std::string size_of(const ExceptionGroup& group) {
    return std::to_string(group.exceptions().size());
}

template <class E>
Coro<void> fail() {
    throw E("on purpose");
    co_return;
}
void body(TaskGroup& group) {
    group.create_task(fail<ValueError>());
    group.create_task(fail<OSError>());
    group.create_task(fail<OSError>());
    group.create_task(fail<KeyError>());
}

Coro<void> handle_a_task_group(Trace& trace) {
    try {
        co_await TaskGroup::scope(body);
    } catch (const ExceptionGroup& errors) {
        except_group(
            errors,
            on<ValueError>([&](const ExceptionGroup& values) { trace("values", size_of(values)); }),
            on<OSError>([&](const ExceptionGroup& others) { trace("others", size_of(others)); }));
    }
}
TEST(ExceptGroup, hands_each_handler_the_errors_of_its_type_and_throws_the_rest_on) {
    Trace trace;
    const std::string rest = VirtualLoop().run(outcome(handle_a_task_group(trace)));
    EXPECT_EQ(trace.text(), "values 1, others 2");
    EXPECT_TRUE(rest.starts_with("ExceptionGroup: unhandled errors in a TaskGroup")) << rest;
    EXPECT_TRUE(rest.contains("1 sub-exception")) << rest;
}

void handle_a_group(const std::function<void()>& call, Trace& trace) {
    try {
        call();
    } catch (const ExceptionGroup& g) {
        except_group(g, on<ValueError>([&](auto& e) { trace("group of", size_of(e)); }));
    }
}
void handle_any(const std::function<void()>& call, Trace& trace) {
    try {
        call();
    } catch (...) {
        except_group(std::current_exception(),
                     on<ValueError>([&](auto& e) { trace("any of", size_of(e)); }));
    }
}
TEST(ExceptGroup, takes_an_error_that_is_no_group_where_it_is_asked_to) {
    const auto one = [] { throw ValueError("on purpose"); };
    const auto group = [&] {
        throw ExceptionGroup("two", {std::make_exception_ptr(ValueError("a")),
                                     std::make_exception_ptr(ValueError("b"))});
    };
    Trace trace;
    handle_a_group(group, trace);
    handle_any(group, trace);
    handle_any(one, trace);
    EXPECT_EQ(trace.text(), "group of 2, any of 2, any of 1");
    EXPECT_EQ(thrown_by([&] { handle_a_group(one, trace); }), "ValueError: on purpose");
    EXPECT_EQ(thrown_by([&] { handle_any([] { throw KeyError("key"); }, trace); }),
              "KeyError: key");
}

}  // namespace
}  // namespace weft

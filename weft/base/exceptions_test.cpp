// SPDX-License-Identifier: Apache-2.0
#include <weft/base/exceptions.hpp>

#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/await_chain.hpp>
#include <weft/base/exception_group.hpp>

namespace weft {
namespace {

template <class E>
std::exception_ptr make(E error) {
    return std::make_exception_ptr(std::move(error));
}

ExceptionGroup nested() {
    return {"outer",
            {make(ValueError("v")), make(OSError("o")),
             make(ExceptionGroup("inner", {make(TypeError("t")), make(ValueError("w"))}))}};
}

TEST(Exceptions, are_described_as_python_prints_them) {
    EXPECT_EQ(describe(make(ValueError("text"))), "ValueError: text");
    EXPECT_EQ(describe(make(ValueError())), "ValueError");
    EXPECT_EQ(describe(make(CancelledError("why"))), "CancelledError: why");
    EXPECT_EQ(describe(make(SystemExit(3))), "SystemExit: 3");
    EXPECT_EQ(describe(make(std::runtime_error("foreign"))), "std::runtime_error: foreign");
    EXPECT_EQ(describe(make(5)), "int");
    EXPECT_EQ(describe(make(nested())),
              "ExceptionGroup: outer (3 sub-exceptions)\n"
              "  | ValueError: v\n"
              "  | OSError: o\n"
              "  | ExceptionGroup: inner (2 sub-exceptions)\n"
              "    | TypeError: t\n"
              "    | ValueError: w");
}

TEST(Exceptions, cancellation_and_the_ends_of_the_loop_are_no_std_exceptions) {
    EXPECT_FALSE((std::is_base_of_v<std::exception, CancelledError>));
    EXPECT_FALSE((std::is_base_of_v<std::exception, KeyboardInterrupt>));
    EXPECT_TRUE(is_cancelled_error(make(CancelledError())));
    EXPECT_FALSE(is_cancelled_error(make(ValueError())));
    EXPECT_FALSE(is_cancelled_error(nullptr));
    EXPECT_TRUE(is_loop_ending(make(SystemExit())));
    EXPECT_TRUE(is_loop_ending(make(KeyboardInterrupt())));
    EXPECT_FALSE(is_loop_ending(make(CancelledError())));
    EXPECT_TRUE(holds<OSError>(make(TimeoutError())));
}

// As aiohttp's ServerTimeoutError does in Python.
class LateServer : public ValueError, public TimeoutError {
public:
    explicit LateServer(std::string text) { set_message(std::move(text)); }
};

TEST(Exceptions, may_have_two_parents_and_are_taken_by_handlers_of_either) {
    const auto error = make(LateServer("late"));
    EXPECT_TRUE(holds<ValueError>(error));
    EXPECT_TRUE(holds<OSError>(error));
    EXPECT_TRUE(holds<Exception>(error));
    EXPECT_TRUE(holds<std::exception>(error));
    EXPECT_EQ(message(error), "late");
    EXPECT_EQ(message(make(TimeoutError("plain"))), "plain");
    EXPECT_EQ(message(make(FileNotFoundError(2, "gone"))), "[Errno 2] gone");
}

TEST(ExceptionGroup, refuses_to_be_empty_or_to_hold_null) {
    EXPECT_THROW(ExceptionGroup("none", {}), ValueError);
    EXPECT_THROW(ExceptionGroup("null", {nullptr}), ValueError);
    EXPECT_THROW(ExceptionGroup("chains", {make(ValueError())}, {{}, {}}), ValueError);
}

AwaitChain here() { return {std::source_location::current()}; }

TEST(ExceptionGroup, keeps_the_awaits_of_its_members_when_it_is_split) {
    const ExceptionGroup group("g", {make(ValueError("v")), make(TypeError("t"))}, {{}, here()});
    EXPECT_TRUE(group.await_chain(0).empty());
    const auto [types, others] = group.split<TypeError>();
    ASSERT_EQ(types->await_chain(0).size(), 1U);
    EXPECT_TRUE(others->await_chain(0).empty());
    EXPECT_TRUE(ExceptionGroup("none", {make(ValueError())}).await_chain(0).empty());
    const std::string text = describe(make(group));
    EXPECT_TRUE(
        text.starts_with("ExceptionGroup: g (2 sub-exceptions)\n"
                         "  | ValueError: v\n"
                         "  | TypeError: t\n"
                         "    at "))
        << text;
    EXPECT_NE(text.find("exceptions_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.back(), '\n');
}

TEST(ExceptionGroup, splits_by_type_and_keeps_the_nesting) {
    const auto [values, others] = nested().split<ValueError>();
    ASSERT_TRUE(values && others);
    EXPECT_EQ(describe(make(*values)),
              "ExceptionGroup: outer (2 sub-exceptions)\n"
              "  | ValueError: v\n"
              "  | ExceptionGroup: inner (1 sub-exception)\n"
              "    | ValueError: w");
    EXPECT_EQ(describe(make(*others)),
              "ExceptionGroup: outer (2 sub-exceptions)\n"
              "  | OSError: o\n"
              "  | ExceptionGroup: inner (1 sub-exception)\n"
              "    | TypeError: t");
    EXPECT_EQ(nested().subgroup<KeyError>(), nullptr);
    EXPECT_EQ((nested().split<Exception>().second), nullptr);
}

TEST(ExceptionGroup, keeps_a_message_with_parentheses) {
    const ExceptionGroup group("a (b) c", {make(ValueError())});
    EXPECT_STREQ(group.subgroup<ValueError>()->what(), "a (b) c (1 sub-exception)");
}

TEST(ExceptGroup, gives_each_handler_its_type_and_throws_the_rest) {
    std::string trace;
    try {
        except_group(nested(), on<ValueError>([&](const ExceptionGroup& g) {
                         trace += std::to_string(g.exceptions().size());
                     }),
                     on<KeyError>([&](const ExceptionGroup&) { trace += "!"; }),
                     on<OSError>([&](const ExceptionGroup& g) {
                         trace += std::to_string(g.exceptions().size());
                     }));
        FAIL() << "the TypeError is left";
    } catch (const ExceptionGroup& rest) {
        EXPECT_EQ(describe(make(rest)),
                  "ExceptionGroup: outer (1 sub-exception)\n"
                  "  | ExceptionGroup: inner (1 sub-exception)\n"
                  "    | TypeError: t");
    }
    EXPECT_EQ(trace, "21");
}

}  // namespace
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/base/exception_group.hpp - several failures that travel as one (PEP 654).
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/await_chain.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {

/// Several failures at once; what a TaskGroup throws. Members may be groups themselves.
///
/// `except*` is spelled except_group(), which hands each handler the members of its type and
/// throws on what no handler took:
///
///     try {
///         co_await TaskGroup::scope(body);
///     } catch (const ExceptionGroup& errors) {
///         except_group(errors, on<ValueError>([&](const ExceptionGroup& values) { … }),
///                              on<OSError>([&](const ExceptionGroup& others) { … }));
///     }
///
/// Spec: PEP 654; `split` and `subgroup` keep the nesting and the message, as there.
class ExceptionGroup : public Exception {
public:
    /// `chains`: the awaits that each of them came through, where they are known.
    /// Errors: ValueError when `exceptions` is empty or holds a null, or when there are chains, but
    ///         not one for each.
    ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions,
                   std::vector<AwaitChain> chains = {});

    [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept {
        return exceptions_;
    }
    /// The awaits that a member came through to the group; empty where that is not known.
    [[nodiscard]] const AwaitChain& await_chain(std::size_t member) const;
    /// What it was made with; what() says how many members there are, too.
    [[nodiscard]] std::string message() const;
    /// A group of the same message with other members.
    /// Errors: as the constructor's.
    [[nodiscard]] ExceptionGroup derive(std::vector<std::exception_ptr> exceptions,
                                        std::vector<AwaitChain> chains = {}) const {
        return ExceptionGroup(message(), std::move(exceptions), std::move(chains));
    }

    /// The members, at any depth, for which `matches` says true; null when there are none. Groups
    /// are asked first, this one included: one that matches is taken whole.
    template <std::predicate<const std::exception_ptr&> F>
    [[nodiscard]] std::shared_ptr<const ExceptionGroup> subgroup(F matches) const {
        return split_if(Matcher{&matches, call<F>}).first;
    }
    /// The members, at any depth, that are of one of these types.
    template <class... E>
        requires(sizeof...(E) > 0)
    [[nodiscard]] std::shared_ptr<const ExceptionGroup> subgroup() const {
        return split<E...>().first;
    }
    /// What matches and what does not; each null when empty.
    template <class... E>
        requires(sizeof...(E) > 0)
    [[nodiscard]] std::pair<std::shared_ptr<const ExceptionGroup>,
                            std::shared_ptr<const ExceptionGroup>>
    split() const {
        const auto matches = [](const std::exception_ptr& error) {
            return (holds<E>(error) || ...);
        };
        return split_if(Matcher{&matches, call<decltype(matches)>});
    }
    template <std::predicate<const std::exception_ptr&> F>
    [[nodiscard]] std::pair<std::shared_ptr<const ExceptionGroup>,
                            std::shared_ptr<const ExceptionGroup>>
    split(F matches) const {
        return split_if(Matcher{&matches, call<F>});
    }

private:
    // A reference to a predicate, so that the walk is compiled once.
    struct Matcher {
        const void* object;
        bool (*call)(const void*, const std::exception_ptr&);
    };
    template <class F>
    static bool call(const void* object, const std::exception_ptr& error) {
        return (*static_cast<const F*>(object))(error);
    }
    using Halves =
        std::pair<std::shared_ptr<const ExceptionGroup>, std::shared_ptr<const ExceptionGroup>>;
    [[nodiscard]] Halves split_if(Matcher matches) const;
    [[nodiscard]] Halves split_members(Matcher matches) const;

    std::vector<std::exception_ptr> exceptions_;
    std::vector<AwaitChain> chains_;  // none, or one for each
};

namespace internal {

// A run of except_group(): what no handler took yet, and what handlers threw.
class ExceptStar {
public:
    explicit ExceptStar(const ExceptionGroup& errors);
    /// An error that is no group counts as a group of one, unless no handler takes it.
    explicit ExceptStar(const std::exception_ptr& error);

    template <class Handler>
    void offer(Handler& handler) {
        if (!rest_) return;
        auto [matched, others] = handler.split(*rest_);
        if (!matched) return;
        rest_ = std::move(others);
        taken_ = true;
        const std::exception_ptr taken = std::make_exception_ptr(*matched);
        try {
            std::rethrow_exception(taken);
        } catch (const ExceptionGroup& group) {  // so that `throw;` throws these on
            try {
                handler.handle(group);
            } catch (...) {
                keep(std::current_exception(), taken);
            }
        }
    }
    /// Throws what is left, and what handlers threw.
    void finish();

private:
    void keep(std::exception_ptr thrown, const std::exception_ptr& taken);

    std::shared_ptr<const ExceptionGroup> all_;
    std::shared_ptr<const ExceptionGroup> rest_;
    std::exception_ptr naked_;
    std::vector<std::exception_ptr> raised_;
    std::vector<std::exception_ptr> raised_again_;
    bool taken_ = false;
};

}  // namespace internal

/// A handler of except_group() for errors of type `E`. Make it with on<E>(function).
template <class E, std::invocable<const ExceptionGroup&> F>
struct GroupHandler {
    F handle;
    [[nodiscard]] static auto split(const ExceptionGroup& errors) {
        return errors.template split<E>();
    }
};

template <class E, std::invocable<const ExceptionGroup&> F>
[[nodiscard]] GroupHandler<E, F> on(F handle) {
    return {std::move(handle)};
}

/// Python's `except*`: gives each handler, in order, the members of its type as a group; then
/// throws what is left.
///
/// A handler may throw: the others are asked all the same. `throw;` in it throws its members on.
/// Errors: ExceptionGroup with the members that no handler took or that were thrown on, in their
///         old places. What handlers threw beside goes into an ExceptionGroup without a message,
///         with the one before, or alone when it is the only one. CancelledError,
///         KeyboardInterrupt and SystemExit of a handler leave at once.
/// Spec:   PEP 654.
template <class... Handlers>
void except_group(const ExceptionGroup& errors, Handlers... handlers) {
    internal::ExceptStar star(errors);
    (star.offer(handlers), ...);
    star.finish();
}
/// The same for any error, as in `catch (...) { except_group(std::current_exception(), …); }`: one
/// that is no group is handed out as a group of one, and thrown as it is when no handler takes it.
template <class... Handlers>
void except_group(const std::exception_ptr& error, Handlers... handlers) {
    internal::ExceptStar star(error);
    (star.offer(handlers), ...);
    star.finish();
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/base/exception_group.hpp - several failures that travel as one (PEP 654).
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
///         except_group(errors, on<ValueError>([](const ExceptionGroup& values) { … }),
///                              on<OSError>([](const ExceptionGroup& others) { … }));
///     }
///
/// Spec: PEP 654; `split` and `subgroup` keep the nesting and the message, as there.
class ExceptionGroup : public Exception {
public:
    /// Errors: ValueError when `exceptions` is empty or holds a null.
    ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions);

    [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept {
        return exceptions_;
    }

    /// The members, at any depth, for which `matches` says true; null when there are none.
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
    [[nodiscard]] std::pair<std::shared_ptr<const ExceptionGroup>,
                            std::shared_ptr<const ExceptionGroup>>
    split_if(Matcher matches) const;

    std::vector<std::exception_ptr> exceptions_;
};

/// A handler of except_group() for errors of type `E`. Make it with on<E>(function).
template <class E, std::invocable<const ExceptionGroup&> F>
struct GroupHandler {
    F handle;
    void operator()(std::shared_ptr<const ExceptionGroup>& rest) {
        if (!rest) return;
        auto [matched, others] = rest->template split<E>();
        if (!matched) return;
        rest = std::move(others);
        handle(*matched);
    }
};

template <class E, std::invocable<const ExceptionGroup&> F>
[[nodiscard]] GroupHandler<E, F> on(F handle) {
    return {std::move(handle)};
}

/// Python's `except*`: gives each handler, in order, the members of its type as a group; then
/// throws what is left.
///
/// Errors: ExceptionGroup with the members that no handler took. An exception that a handler
///         throws leaves at once.
template <class... Handlers>
void except_group(const ExceptionGroup& errors, Handlers... handlers) {
    auto rest = std::make_shared<const ExceptionGroup>(errors);
    (handlers(rest), ...);
    if (rest) throw ExceptionGroup(*rest);
}

}  // namespace weft

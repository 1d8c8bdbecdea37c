// SPDX-License-Identifier: Apache-2.0
#include <weft/base/exception_group.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/await_chain.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {
namespace {

// Python prints "message (2 sub-exceptions)"; the count tells what the text alone does not.
std::string with_count(std::string message, std::size_t count) {
    return std::move(message) + " (" + std::to_string(count) +
           (count == 1 ? " sub-exception)" : " sub-exceptions)");
}

std::string without_count(const char* text) {
    std::string message = text;
    return message.substr(0, message.rfind(" ("));
}

// The group that `error` holds, or null. The object is shared with `error`, not copied.
const ExceptionGroup* as_group(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ExceptionGroup& group) {
        return &group;
    } catch (...) {
        return nullptr;
    }
}

// Members of a group that become a group of their own.
class Part {
public:
    void add(std::exception_ptr member, const AwaitChain& chain) {
        members_.push_back(std::move(member));
        chains_.push_back(chain);
    }
    [[nodiscard]] std::shared_ptr<const ExceptionGroup> take_of(const ExceptionGroup& from) {
        if (members_.empty()) return nullptr;
        auto group =
            std::make_shared<ExceptionGroup>(from.derive(std::move(members_), std::move(chains_)));
        group->set_cause(from.cause());
        group->set_context(from.context());
        return group;
    }

private:
    std::vector<std::exception_ptr> members_;
    std::vector<AwaitChain> chains_;
};

}  // namespace

ExceptionGroup::ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions,
                               std::vector<AwaitChain> chains)
    : Exception(with_count(std::move(message), exceptions.size())),
      exceptions_(std::move(exceptions)),
      chains_(std::move(chains)) {
    if (exceptions_.empty()) {
        throw ValueError("an ExceptionGroup needs at least one exception");
    }
    if (std::ranges::find(exceptions_, nullptr) != exceptions_.end()) {
        throw ValueError("an ExceptionGroup cannot hold a null exception_ptr");
    }
    if (!chains_.empty() && chains_.size() != exceptions_.size()) {
        throw ValueError(
            "an ExceptionGroup takes an await chain for each exception, or none: got " +
            std::to_string(chains_.size()) + " for " + std::to_string(exceptions_.size()));
    }
}

std::string ExceptionGroup::message() const { return without_count(what()); }

const AwaitChain& ExceptionGroup::await_chain(std::size_t member) const {
    static const AwaitChain unknown;
    return chains_.empty() ? unknown : chains_.at(member);
}

ExceptionGroup::Halves ExceptionGroup::split_if(Matcher matches) const {
    if (matches.call(matches.object, std::make_exception_ptr(*this))) {
        return {std::make_shared<const ExceptionGroup>(*this), nullptr};
    }
    return split_members(matches);
}

ExceptionGroup::Halves ExceptionGroup::split_members(Matcher matches) const {
    Part matched;
    Part others;
    for (std::size_t i = 0; i < exceptions_.size(); ++i) {
        const std::exception_ptr& member = exceptions_[i];
        if (matches.call(matches.object, member)) {
            matched.add(member, await_chain(i));
        } else if (const ExceptionGroup* inner = as_group(member)) {
            auto [in, out] = inner->split_members(matches);
            if (in) matched.add(std::make_exception_ptr(*in), await_chain(i));
            if (out) others.add(std::make_exception_ptr(*out), await_chain(i));
        } else {
            others.add(member, await_chain(i));
        }
    }
    return {matched.take_of(*this), others.take_of(*this)};
}

namespace internal {
namespace {

// The members that are no groups themselves.
void add_leaves(const ExceptionGroup& group, std::vector<std::exception_ptr>& leaves) {
    for (const std::exception_ptr& member : group.exceptions()) {
        if (const ExceptionGroup* inner = as_group(member)) {
            add_leaves(*inner, leaves);
        } else {
            leaves.push_back(member);
        }
    }
}

}  // namespace

ExceptStar::ExceptStar(const ExceptionGroup& errors)
    : all_(std::make_shared<const ExceptionGroup>(errors)), rest_(all_) {}

ExceptStar::ExceptStar(const std::exception_ptr& error) {
    if (const ExceptionGroup* group = as_group(error)) {
        all_ = std::make_shared<const ExceptionGroup>(*group);
    } else {
        naked_ = error;
        all_ = std::make_shared<const ExceptionGroup>("", std::vector{error});
    }
    rest_ = all_;
}

void ExceptStar::keep(std::exception_ptr thrown, const std::exception_ptr& taken) {
    if (is_cancelled_error(thrown) || is_loop_ending(thrown)) std::rethrow_exception(thrown);
    (thrown == taken ? raised_again_ : raised_).push_back(std::move(thrown));
}

void ExceptStar::finish() {
    if (naked_ && !taken_) std::rethrow_exception(naked_);
    std::vector<std::exception_ptr> left;
    if (rest_) add_leaves(*rest_, left);
    for (const std::exception_ptr& group : raised_again_) add_leaves(*as_group(group), left);
    const auto again = all_->subgroup([&](const std::exception_ptr& error) {
        return std::ranges::find(left, error) != left.end();
    });
    if (raised_.empty()) {
        if (again) throw ExceptionGroup(*again);
        return;
    }
    if (again) raised_.push_back(std::make_exception_ptr(*again));
    if (raised_.size() == 1) std::rethrow_exception(raised_.front());
    throw ExceptionGroup("", std::move(raised_));
}

}  // namespace internal
}  // namespace weft

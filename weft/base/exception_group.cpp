// SPDX-License-Identifier: Apache-2.0
#include <weft/base/exception_group.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

std::shared_ptr<const ExceptionGroup> part_of(const ExceptionGroup& from,
                                              std::vector<std::exception_ptr> members) {
    if (members.empty()) return nullptr;
    auto group = std::make_shared<ExceptionGroup>(from.derive(std::move(members)));
    group->set_cause(from.cause());
    group->set_context(from.context());
    return group;
}

}  // namespace

ExceptionGroup::ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions)
    : Exception(with_count(std::move(message), exceptions.size())),
      exceptions_(std::move(exceptions)) {
    if (exceptions_.empty()) {
        throw ValueError("an ExceptionGroup needs at least one exception");
    }
    if (std::ranges::find(exceptions_, nullptr) != exceptions_.end()) {
        throw ValueError("an ExceptionGroup cannot hold a null exception_ptr");
    }
}

std::string ExceptionGroup::message() const { return without_count(what()); }

ExceptionGroup::Halves ExceptionGroup::split_if(Matcher matches) const {
    if (matches.call(matches.object, std::make_exception_ptr(*this))) {
        return {std::make_shared<const ExceptionGroup>(*this), nullptr};
    }
    return split_members(matches);
}

ExceptionGroup::Halves ExceptionGroup::split_members(Matcher matches) const {
    std::vector<std::exception_ptr> matched;
    std::vector<std::exception_ptr> others;
    for (const auto& member : exceptions_) {
        if (matches.call(matches.object, member)) {
            matched.push_back(member);
        } else if (const ExceptionGroup* inner = as_group(member)) {
            auto [in, out] = inner->split_members(matches);
            if (in) matched.push_back(std::make_exception_ptr(*in));
            if (out) others.push_back(std::make_exception_ptr(*out));
        } else {
            others.push_back(member);
        }
    }
    return {part_of(*this, std::move(matched)), part_of(*this, std::move(others))};
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

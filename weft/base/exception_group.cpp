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

std::shared_ptr<const ExceptionGroup> derive(const ExceptionGroup& from,
                                             std::vector<std::exception_ptr> members) {
    if (members.empty()) return nullptr;
    auto group = std::make_shared<ExceptionGroup>(without_count(from.what()), std::move(members));
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

std::pair<std::shared_ptr<const ExceptionGroup>, std::shared_ptr<const ExceptionGroup>>
ExceptionGroup::split_if(Matcher matches) const {
    std::vector<std::exception_ptr> matched;
    std::vector<std::exception_ptr> others;
    for (const auto& member : exceptions_) {
        if (matches.call(matches.object, member)) {
            matched.push_back(member);
        } else if (const ExceptionGroup* inner = as_group(member)) {
            auto [in, out] = inner->split_if(matches);
            if (in) matched.push_back(std::make_exception_ptr(*in));
            if (out) others.push_back(std::make_exception_ptr(*out));
        } else {
            others.push_back(member);
        }
    }
    return {derive(*this, std::move(matched)), derive(*this, std::move(others))};
}

}  // namespace weft

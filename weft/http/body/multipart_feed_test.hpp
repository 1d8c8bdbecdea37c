// SPDX-License-Identifier: Apache-2.0
// weft/http/body/multipart_feed_test.hpp - what a parser finds in a body, as one line of text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/multipart_error.hpp>
#include <weft/http/body/multipart_parser.hpp>

namespace weft::http {

/// `[Name=value …]` for the headers of a part, `{content}`, `.` for its end, `$` for that of the body.
class MultipartListener {
public:
    explicit MultipartListener(std::string_view boundary, const MultipartLimits& limits = {})
        : parser_(boundary, limits) {}

    void feed(BytesView data) {
        while (!error_ && !data.empty()) {
            const auto step = parser_.next(data);
            if (!step) {
                error_ = step.error();
                return;
            }
            check(step->used <= data.size(), "more was taken than there is");
            data.remove_prefix(step->used);
            tell(*step);
            if (step->event == MultipartEvent::need_data) check(data.empty(), "data is left");
        }
    }
    void finish() {
        const auto done = parser_.finish();
        if (!done) error_ = done.error();
    }

    [[nodiscard]] const std::optional<MultipartError>& error() const { return error_; }
    [[nodiscard]] std::string text() const {
        std::string text = text_;
        if (!content_.empty()) text += "{" + content_ + "}";
        if (error_) text += " !" + std::to_string(static_cast<int>(error_->problem));
        return text;
    }

private:
    void tell(const MultipartStep& step) {
        check((step.event == MultipartEvent::content) == !step.content.empty(), "content, or none");
        content_ += step.content;
        if (step.event == MultipartEvent::part) {
            text_ += "[";
            for (const auto& [name, value] : parser_.headers()) {
                if (!text_.ends_with("[")) text_ += " ";
                text_.append(name).append("=").append(value);
            }
            text_ += "]";
        }
        if (step.event == MultipartEvent::part_end) {
            text_ += "{" + content_ + "}.";
            content_.clear();
        }
        if (step.event == MultipartEvent::end && !text_.ends_with("$")) text_ += "$";
    }

    MultipartParser parser_;
    std::string text_;
    std::string content_;
    std::optional<MultipartError> error_;
};

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/form_data.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/form_urlencoded.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

// A part: what stands before its content, and that. The last one is what ends the body.
struct Part {
    Bytes before;
    std::unique_ptr<PayloadReader> content;
};

constexpr std::size_t gathered_bytes = std::size_t{16} * 1024;

bool is_short(const PayloadReader& content) {
    return content.size() && *content.size() <= gathered_bytes;
}

std::optional<std::uint64_t> size_of(const std::vector<Part>& parts) {
    std::uint64_t size = 0;
    for (const Part& part : parts) {
        if (!part.content->size()) return std::nullopt;
        size += part.before.size() + *part.content->size();
    }
    return size;
}

class MultipartReader final : public PayloadReader {
public:
    explicit MultipartReader(std::vector<Part> parts)
        : PayloadReader(size_of(parts)), parts_(std::move(parts)) {}

private:
    // What is short goes in one piece with its neighbours. A content that is over is let go, and its
    // file with it.
    Coro<BytesView> next() override {
        co_await transparent;
        piece_.clear();
        while (at_ < parts_.size() && piece_.size() < gathered_bytes) {
            Part& part = parts_[at_];
            piece_ += std::exchange(part.before, Bytes());
            if (!piece_.empty() && !is_short(*part.content)) break;
            const BytesView content = co_await part.content->next();
            if (piece_.empty() && !content.empty()) co_return content;
            piece_ += content;
            if (content.empty()) {
                co_await part.content->aclose();
                parts_[at_++].content.reset();
            }
        }
        co_return piece_;
    }
    Coro<void> aclose() override {
        co_await transparent;
        for (; at_ < parts_.size(); ++at_) co_await parts_[at_].content->aclose();
    }

    std::vector<Part> parts_;
    std::size_t at_ = 0;
    Bytes piece_;
};

class MultipartSource final : public Payload::Source {
public:
    MultipartSource(std::vector<FormData::Item> items, std::string_view boundary)
        : items_(std::move(items)), writer_(boundary) {}

    [[nodiscard]] bool is_repeatable() const noexcept override {
        for (const FormData::Item& item : items_) {
            if (!item.content.is_repeatable()) return false;
        }
        return true;
    }
    Coro<std::unique_ptr<PayloadReader>> open() override {
        co_await transparent;
        MultipartWriter writer = writer_;
        std::vector<Part> parts;
        for (const FormData::Item& item : items_) {
            Bytes before;
            writer.begin_part(before, write_form_field(item.field));
            parts.push_back({std::move(before), co_await item.content.open()});
        }
        Bytes end;
        writer.finish(end);
        parts.push_back({std::move(end), co_await Payload().open()});
        co_return std::make_unique<MultipartReader>(std::move(parts));
    }

private:
    std::vector<FormData::Item> items_;
    MultipartWriter writer_;
};

}  // namespace

void FormData::add_field(std::string_view name, Bytes value, const FormFieldOptions& options) {
    add(std::move(value), name, options);
}

void FormData::add_field(std::string_view name, Payload content, FormFieldOptions options) {
    const std::string_view filename = content.filename();
    if (!options.filename && !filename.empty()) options.filename = filename;
    add(std::move(content), name, options);
}

void FormData::add(Payload content, std::string_view name, const FormFieldOptions& options) {
    FormField field{.name = std::string(name),
                    .filename = options.filename,
                    .content_type = options.content_type};
    (void)write_form_field(field);  // here is who gave the name; later there is a request
    const bool is_in_memory = content.empty() || content.bytes();
    const bool needs_parts = !is_in_memory || options.filename || options.content_type;
    items_.push_back({std::move(field), std::move(content)});
    is_multipart_ = is_multipart_ || needs_parts;
}

Bytes FormData::urlencoded() const {
    if (is_multipart_) throw RuntimeError("a form with files or streams is not sent urlencoded");
    MultiDict fields;
    for (const Item& item : items_) {
        const Bytes* value = item.content.bytes();
        fields.add(item.field.name, value ? *value : Bytes());
    }
    return urlencode(fields);
}

Payload FormData::multipart(std::string_view boundary) const {
    return Payload(std::make_shared<MultipartSource>(items_, boundary));
}

}  // namespace weft::http

// SPDX-License-Identifier: Apache-2.0
// weft/json/validation_error.hpp - what is wrong with a text that was to be a value.
//
//   ValueError > ValidationError > JSONDecodeError
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <weft/base/exceptions.hpp>

namespace weft::json {

/// A step on the way from the whole value to the part that is wrong: a name or an index.
using LocItem = std::variant<std::string, std::size_t>;

/// One thing that is wrong, with pydantic's names: of the kind, the place, the message.
///
/// Spec: pydantic_core.ErrorDetails. There is no `url`.
struct ErrorDetails {
    /// The kind, such as "missing", "int_parsing", "json_invalid".
    std::string type;
    std::vector<LocItem> loc;
    std::string msg;
    /// What was found there, as JSON: for "missing" the object that lacks it. Empty where it is
    /// longer than ReadOptions::input_bytes_max.
    std::string input;
    /// An object in JSON with what the message was made from; empty where a kind has none.
    std::string ctx;

    friend bool operator==(const ErrorDetails&, const ErrorDetails&) = default;
};

/// All that is wrong with a text, in the order of the models' fields.
struct ValidationErrors {
    std::vector<ErrorDetails> errors;
    /// How many more there are than ReadOptions::errors_max.
    std::size_t omitted = 0;
};

/// The place as people read it: `items.0.price`; empty for the whole value.
[[nodiscard]] std::string describe(const std::vector<LocItem>& loc);

/// The errors as a JSON array of objects: FastAPI's `detail`.
[[nodiscard]] std::string to_json(const ValidationErrors& errors);

/// A text that was no value of the type that was asked for.
///
/// Its text is pydantic's, without the input and the links:
///
///     2 validation errors
///     price
///       Input should be greater than 0 [type=greater_than]
///     tags.1
///       Input should be a valid string [type=string_type]
///
/// Spec: pydantic.ValidationError, a ValueError.
class ValidationError : public ValueError {
public:
    explicit ValidationError(ValidationErrors errors);

    [[nodiscard]] const std::vector<ErrorDetails>& errors() const noexcept {
        return errors_.errors;
    }
    /// How many there are, those that were omitted as well.
    [[nodiscard]] std::size_t error_count() const noexcept {
        return errors_.errors.size() + errors_.omitted;
    }

protected:
    ValidationError(ValidationErrors errors, const std::string& message);

private:
    ValidationErrors errors_;
};

/// A text that is no JSON at all.
///
/// The text is Python's: "Expecting value: line 1 column 5 (char 4)".
///
/// Spec: json.JSONDecodeError.
class JSONDecodeError : public ValidationError {
public:
    /// `errors` holds the one of broken JSON in `text`, which is at that byte.
    JSONDecodeError(ValidationErrors errors, std::string msg, std::string_view text,
                    std::size_t byte);

    /// The message without the place.
    [[nodiscard]] const std::string& msg() const noexcept { return msg_; }
    /// Where, in characters from 0; line and column count from 1.
    [[nodiscard]] std::size_t pos() const noexcept { return pos_; }
    [[nodiscard]] std::size_t lineno() const noexcept { return lineno_; }
    [[nodiscard]] std::size_t colno() const noexcept { return colno_; }

private:
    std::string msg_;
    std::size_t pos_ = 0;
    std::size_t lineno_ = 0;
    std::size_t colno_ = 0;
};

}  // namespace weft::json

// SPDX-License-Identifier: Apache-2.0
// weft/json/read.hpp - JSON into values of a program's own types.
#pragma once

#include <expected>
#include <string_view>
#include <utility>

#include <weft/json/internal/read_value.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/validation_error.hpp>

namespace weft::json {

/// Reads a text as a `T`, and tells all that is wrong with it at once.
///
///     struct Item {
///         std::string name;
///         double price;
///         std::optional<std::string> description;
///         int stock = 0;
///     };
///
/// It is a model as it stands:
///
///     json::read<Item>(R"({"name": "tea", "price": "2.50"})");
///
/// `T` is, and its parts are:
///
///     bool, integers, float, double      also from strings and from each other, as pydantic's lax
///                                        mode does: "yes", "12", 1.0 for 1 (not if Field::strict)
///     std::string, an enum class         an enum by the names of its values from 0 to 127
///     std::optional, std::unique_ptr     null is none, and such a member may be left out
///     std::vector, std::deque, std::set, std::unordered_set, std::array, std::tuple, std::pair
///     std::map, std::unordered_map       with keys of std::string
///     std::variant                       the alternative that fits best, or that Field::discriminator
///                                        says
///     Literal, Value, UUID, chrono       see literal.hpp, value.hpp, uuid.hpp, chrono.hpp
///     a struct                           whose members are any of these: see below
///     Annotated<any of these, Field{…}>  with constraints, or another name
///
/// A struct is an aggregate of up to 64 members, or says what its fields() are (fields.hpp). A member
/// that has an initializer, or is a std::optional or std::unique_ptr, may be left out, and so may one
/// with Field::required of `no`. Where a name comes twice the last one counts.
///
/// Types may contain themselves, through std::vector, std::map or std::unique_ptr.
///
/// Returns: the value; or the errors, in the order of the fields, as pydantic orders them. Of broken
///          JSON there is one, "json_invalid", and its place is a number, that of the character;
///          of a text that is no UTF-8 one "string_unicode".
/// Errors:  none are thrown but std::bad_alloc.
/// Thread:  any. The memory for the tape belongs to the thread and is used again (1 MiB of text).
/// Cost:    linear in the text. Some 14 times the text in memory while it is read.
/// Limits:  ReadOptions: 64 MiB of text, depth 128, 100 errors.
/// Spec:    RFC 8259; pydantic v2 as FastAPI uses it. Differences on purpose: integers have 64 bits
///          at most; NaN, Infinity, numbers out of the range of a double and lone surrogates are
///          refused.
template <class T>
[[nodiscard]] std::expected<T, ValidationErrors> read(std::string_view text,
                                                      const ReadOptions& options = {}) {
    internal::Reading reading(text, options);
    T value{};
    if (reading.root() == nullptr || !internal::read_value(reading, reading.root(), value)) {
        return std::unexpected(reading.take_errors());
    }
    return value;
}

/// The same, with exceptions.
///
///     const auto item = json::loads<Item>(text);
///
/// Errors: JSONDecodeError   it is no JSON
///         ValidationError   it is no `T`
template <class T>
[[nodiscard]] T loads(std::string_view text, const ReadOptions& options = {}) {
    internal::Reading reading(text, options);
    T value{};
    if (reading.root() == nullptr || !internal::read_value(reading, reading.root(), value)) {
        reading.raise();
    }
    return value;
}

}  // namespace weft::json

// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/definitions.hpp - the parts of a JSON Schema that are no templates.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <weft/json/field.hpp>
#include <weft/json/value.hpp>

namespace weft::json::internal {

/// The definitions that schemas share, and the references to them.
class Definitions {
public:
    Definitions(std::string ref_prefix, bool forbids_extra)
        : ref_prefix_(std::move(ref_prefix)), forbids_extra_(forbids_extra) {}

    /// Claims a name for a type: an address that is its own, and its name as the compiler prints it.
    /// Returns: whether it had none, so that it is to be defined.
    bool claim(const void* type, std::string_view printed);
    void define(const void* type, Value schema);
    /// Counts.
    [[nodiscard]] Value reference(const void* type);

    [[nodiscard]] bool forbids_extra() const noexcept { return forbids_extra_; }
    [[nodiscard]] const Object& all() const noexcept { return all_; }
    /// A schema with the definitions that it needs. Its own is no definition unless it refers to itself.
    [[nodiscard]] Value document(Value root) &&;

private:
    struct Claim {
        std::string name;
        std::size_t references = 0;
    };

    std::string ref_prefix_;
    bool forbids_extra_;
    Object all_;
    std::map<const void*, Claim> claims_;
};

/// What a field is called for people: `Http2 Port` of `http2_port`, as Python's str.title().
[[nodiscard]] std::string title_of(std::string_view name);
/// A type's name without its namespaces.
[[nodiscard]] std::string_view short_name(std::string_view printed);

// ---- schemas. What a Field says is in it.

[[nodiscard]] Value string_schema(const Field& field);
[[nodiscard]] Value texts_schema(std::span<const std::string_view> texts);
[[nodiscard]] Value number_schema(const Field& field);
/// Of a type with bounds of its own, which are none where the type has 64 bits.
[[nodiscard]] Value integer_schema(const Field& field, const Bound& lowest, const Bound& highest);
[[nodiscard]] Value array_schema(Value items, bool is_unique, const Field& field);
[[nodiscard]] Value tuple_schema(Array elements);
[[nodiscard]] Value map_schema(Value values, const Field& field);
/// Alternatives of alternatives become some of its own; those that are there are not added again.
[[nodiscard]] Value any_of(Array alternatives);
[[nodiscard]] Value one_of(Array alternatives, std::string_view discriminator, Object mapping);

/// Collects the fields of a struct.
class ModelSchema {
public:
    explicit ModelSchema(std::string_view title) : title_(title) {}

    void add_required(std::string_view name, Value schema);
    /// `initial` is the JSON of its default; empty where there is none that can be written.
    void add_optional(std::string_view name, Value schema, std::string_view initial);
    [[nodiscard]] Value finish(bool forbids_extra) &&;

private:
    std::string title_;
    Object properties_;
    Array required_;
};

}  // namespace weft::json::internal

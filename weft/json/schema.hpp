// SPDX-License-Identifier: Apache-2.0
// weft/json/schema.hpp - JSON Schema of a program's own types.
#pragma once

#include <string>
#include <utility>

#include <weft/json/internal/definitions.hpp>
#include <weft/json/internal/schema_of.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/value.hpp>

namespace weft::json {

struct SchemaOptions {
    /// As ReadOptions::extra: `forbid` says so of each model.
    Extra extra = Extra::ignore;
    /// What stands before the name of a definition in a reference.
    std::string ref_prefix = "#/$defs/";
};

/// Schemas of several types, which share the definitions of their structs and enums.
///
///     json::Schemas schemas({.ref_prefix = "#/components/schemas/"});
///     const json::Value item = schemas.add<Item>();
///     const json::Object& components = schemas.definitions();
///
/// A definition has the name of its type; where another type has it already, the namespaces before it
/// as well.
class Schemas {
public:
    explicit Schemas(const SchemaOptions& options = {})
        : definitions_(options.ref_prefix, options.extra == Extra::forbid) {}

    /// Returns: a reference to the definition of a struct or enum; all else as it is.
    template <class T>
    [[nodiscard]] Value add() {
        return internal::schema_of<T>(definitions_);
    }
    [[nodiscard]] const Object& definitions() const noexcept { return definitions_.all(); }

private:
    internal::Definitions definitions_;
};

/// The schema of a `T`: what texts loads<T>() takes.
///
///     const std::string text = json::dumps(json::schema<Item>());
///
/// It has what pydantic's has: titles, defaults, constraints, formats, and the structs and enums within
/// under `$defs`. In addition integers that are narrower than 64 bits have their bounds.
///
/// It knows no conversions, as ReadOptions::strict; and these other differences:
///     1.0 is an integer for it, and no number is out of the range of a type
///     elements of a set that come again are wrong, and not passed over
///     `format` says what a string is, which a validator may not look at
///     what from_json() refuses
///     `multiple_of` of decimals, where it is exact
///     a discriminator with an initializer need not be there
///
/// Errors: none but std::bad_alloc. A default that cannot be written, such as NaN, is left out.
/// Cost:   that of making a T, and the memory of what is returned.
/// Spec:   JSON Schema 2020-12; pydantic's model_json_schema().
template <class T>
[[nodiscard]] Value schema(const SchemaOptions& options = {}) {
    internal::Definitions definitions(options.ref_prefix, options.extra == Extra::forbid);
    Value root = internal::schema_of<T>(definitions);
    return std::move(definitions).document(std::move(root));
}

}  // namespace weft::json

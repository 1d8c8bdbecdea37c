// SPDX-License-Identifier: Apache-2.0
// weft/json/write.hpp - values of a program's own types into JSON.
#pragma once

#include <string>

#include <weft/json/internal/output.hpp>
#include <weft/json/internal/write_value.hpp>

namespace weft::json {

/// Appends a value as JSON to `out`, where it is written in place.
///
/// The types are those of read(), and views of strings. The form is the one that FastAPI sends: compact,
/// UTF-8 as it is, each field of a struct in its order, `null` for what is none; numbers as Python's
/// repr() has them, with the fewest digits that give the same double.
///
/// Errors: ValueError   NaN or an infinity; a string that is no UTF-8; a value without a name of an
///                      enum. `out` is as it was.
/// Thread: any.
/// Cost:   linear; no allocation but that of `out`.
/// Limits: none: a value that contains itself very deep uses as much stack.
/// Spec:   RFC 8259; json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).
template <class T>
void dump(const T& value, std::string& out) {
    internal::Output output(out);
    internal::write_value(output, value);
    output.finish();
}

/// The same, as a new string.
///
///     const std::string text = json::dumps(item);
template <class T>
[[nodiscard]] std::string dumps(const T& value) {
    std::string out;
    dump(value, out);
    return out;
}

}  // namespace weft::json

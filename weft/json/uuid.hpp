// SPDX-License-Identifier: Apache-2.0
// weft/json/uuid.hpp - weft::UUID in models: a string in its usual form.
//
// Read is each form that UUID::parse() takes. Spec: pydantic's UUID, with its errors "uuid_type" and
// "uuid_parsing".
#pragma once

#include <string_view>

#include <weft/base/uuid.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

bool read_tape(Reading& in, Place at, UUID& out, bool strict);
void write_json(Output& out, const UUID& id);
consteval std::string_view format_of(Tag<UUID>) { return "uuid"; }

}  // namespace weft::json::internal

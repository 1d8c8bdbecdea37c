// SPDX-License-Identifier: Apache-2.0
#include <weft/json/uuid.hpp>

#include <weft/base/uuid.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

bool read_tape(Reading& in, Place at, UUID& out, bool /*strict*/) {
    if (tag(at) != '"') return in.fail("uuid_type", at);
    const auto parsed = UUID::parse(in.tape().text(at));
    if (!parsed) return in.fail_parsing("uuid_parsing", parsed.error(), at);
    out = *parsed;
    return true;
}

void write_json(Output& out, const UUID& id) { out.put_string(id.str()); }

}  // namespace weft::json::internal

// SPDX-License-Identifier: Apache-2.0
// weft/runtime/extras.hpp - what few futures and tasks have, kept out of the many.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <weft/runtime/context.hpp>

namespace weft::internal {

struct ScopeNode;

struct Extras {
    std::optional<std::string> name;            // set_name(), or create_task's option
    std::optional<std::string> cancel_message;  // of the last cancel()
    std::shared_ptr<ContextSlot> context;       // create_task's option: shared with the caller
    ScopeNode* scope = nullptr;                 // the innermost CancelScope
    std::uint32_t shields = 0;                  // how many scopes of this task are shields
    std::uint32_t held_requests = 0;            // cancel() that they hold off
};

}  // namespace weft::internal

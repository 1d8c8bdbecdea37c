// SPDX-License-Identifier: Apache-2.0
// weft/runtime/extras.hpp - what few futures and tasks have, kept out of the many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <weft/runtime/context.hpp>

namespace weft::internal {

struct ScopeNode;

struct Extras {
    void set_name(std::string text) {
        name = std::move(text);
        name_text = name->data();
        name_length = name->size();
    }

    std::optional<std::string> name;            // set_name(), or create_task's option
    const char* name_text = nullptr;            // the same for another process, to which
    std::size_t name_length = 0;                // std::string is opaque
    std::optional<std::string> cancel_message;  // of the last cancel()
    std::shared_ptr<ContextSlot> context;       // create_task's option: shared with the caller
    ScopeNode* scope = nullptr;                 // the innermost CancelScope
    std::uint32_t shields = 0;                  // how many scopes of this task are shields
    std::uint32_t held_requests = 0;            // cancel() that they hold off
    const void* referent = nullptr;             // in debug mode: on the stack, and referred to
};

}  // namespace weft::internal

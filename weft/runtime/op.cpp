// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/op.hpp>

#include <cstdint>
#include <exception>

#include <weft/runtime/debug_table.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>

namespace weft::internal {
namespace {

std::uintptr_t address_of(const void* object) noexcept {
    return reinterpret_cast<std::uintptr_t>(object);
}

}  // namespace

constinit const OpKind distant_kind{"an operation of another library"};

const OpKind& Op::kind() const noexcept {
    return *reinterpret_cast<const OpKind*>(address_of(&weft_debug) +
                                            static_cast<std::uintptr_t>(std::intptr_t{kind_}));
}

std::exception_ptr Op::cancellation() const { return cancelled_error(cancel_message_of(task_)); }

}  // namespace weft::internal

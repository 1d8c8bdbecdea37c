// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/context.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <weft/base/ref.hpp>

namespace weft {
namespace internal {

constinit thread_local ContextSlot* context_slot [[gnu::tls_model("initial-exec")]] = nullptr;

ContextSlot& context_outside_tasks() noexcept {
    thread_local ContextSlot slot;
    return slot;
}

const ContextValue* ContextTable::find(const void* variable) const noexcept {
    const auto at = std::ranges::find(entries_, variable, &Entry::variable);
    return at == entries_.end() ? nullptr : &at->value;
}

Ref<ContextTable> ContextTable::unshared(Ref<ContextTable> table) {
    if (table && __atomic_load_n(&table->owners_, __ATOMIC_ACQUIRE) == 1) return table;
    Ref<ContextTable> copy(new ContextTable);
    if (table) copy->entries_ = table->entries_;
    return copy;
}

Ref<ContextTable> ContextTable::with(Ref<ContextTable> table, const void* variable,
                                     ContextValue value) {
    table = unshared(std::move(table));
    const auto at = std::ranges::find(table->entries_, variable, &Entry::variable);
    if (at == table->entries_.end()) {
        table->entries_.push_back({variable, std::move(value)});
    } else {
        at->value = std::move(value);
    }
    return table;
}

Ref<ContextTable> ContextTable::without(Ref<ContextTable> table, const void* variable) {
    table = unshared(std::move(table));
    std::erase_if(table->entries_, [=](const Entry& e) { return e.variable == variable; });
    return table;
}

}  // namespace internal

Context copy_context() {
    Context context;
    *context.state() = internal::current_context();
    return context;
}

}  // namespace weft

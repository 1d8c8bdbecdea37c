// SPDX-License-Identifier: Apache-2.0
// weft/runtime/context.hpp - ContextVar and Context: values that follow a task (PEP 567).
//
// A context is a pointer to a table that is copied when somebody writes to it while others share
// it. Making a task therefore costs a count, and nothing where no variable was ever set.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>

namespace weft {
namespace internal {

// Values are immutable once in a table, so that tables can share them, across threads too.
using ContextValue = std::shared_ptr<const void>;

class ContextTable {
public:
    void retain() noexcept { __atomic_add_fetch(&owners_, 1, __ATOMIC_RELAXED); }
    void release() noexcept {
        if (__atomic_sub_fetch(&owners_, 1, __ATOMIC_ACQ_REL) == 0) delete this;
    }
    [[nodiscard]] const ContextValue* find(const void* variable) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// The table with one value changed: this one, when nobody shares it.
    static Ref<ContextTable> with(Ref<ContextTable> table, const void* variable,
                                  ContextValue value);
    static Ref<ContextTable> without(Ref<ContextTable> table, const void* variable);

private:
    struct Entry {
        const void* variable;
        ContextValue value;
    };
    static Ref<ContextTable> unshared(Ref<ContextTable> table);

    int owners_ = 0;  // counted atomically: to_thread() takes a context to another thread
    std::vector<Entry> entries_;  // few: a linear search beats a tree up to some fifty
};

/// Where the running code's context is kept: in the task, in a Context, or the thread's own.
using ContextSlot = Ref<ContextTable>;
/// The slot of the task or Context whose code runs; null outside of them.
extern constinit thread_local ContextSlot* context_slot [[gnu::tls_model("initial-exec")]];
[[nodiscard]] ContextSlot& context_outside_tasks() noexcept;
[[nodiscard]] inline ContextSlot& current_context() noexcept {
    return context_slot ? *context_slot : context_outside_tasks();
}

/// Makes `slot` the current context until destroyed.
class ContextScope {
public:
    explicit ContextScope(ContextSlot& slot) noexcept
        : outer_(std::exchange(context_slot, &slot)) {}
    ~ContextScope() { context_slot = outer_; }
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;

private:
    ContextSlot* outer_;
};

}  // namespace internal

/// A set of context variables and their values; copy_context() makes one.
///
/// A handle: copies refer to the same context. A task that is given one (`{.context = &context}`)
/// reads and writes it in place.
/// Spec: contextvars.Context.
class Context {
public:
    /// An empty context.
    Context() : state_(std::make_shared<internal::ContextSlot>()) {}

    /// Runs `function` in this context; what it sets stays here.
    template <class F, class... Args>
    auto run(F&& function, Args&&... args) {
        const auto keep = state_;
        const internal::ContextScope scope(*keep);
        return std::forward<F>(function)(std::forward<Args>(args)...);
    }
    /// A context with the same values.
    [[nodiscard]] Context copy() const {
        Context other;
        *other.state_ = *state_;
        return other;
    }
    [[nodiscard]] std::size_t size() const noexcept { return *state_ ? (*state_)->size() : 0; }

    // Implementation: for tasks.
    [[nodiscard]] const std::shared_ptr<internal::ContextSlot>& state() const noexcept {
        return state_;
    }

private:
    template <class T>
    friend class ContextVar;
    std::shared_ptr<internal::ContextSlot> state_;
};

/// A copy of the current context.
[[nodiscard]] Context copy_context();

/// The context of a task, to read from; refers to the task.
class ContextView {
public:
    explicit ContextView(internal::ContextSlot& slot) noexcept : slot_(&slot) {}
    [[nodiscard]] Context copy() const {
        Context context;
        *context.state() = *slot_;
        return context;
    }

private:
    template <class T>
    friend class ContextVar;
    internal::ContextSlot* slot_;
};

/// A variable whose value belongs to the context of the running task.
///
/// Declare it at namespace scope; it must outlive every context that holds a value of it.
/// Thread: each thread has a context of its own outside tasks.
/// Spec:   contextvars.ContextVar. get() copies the value; share large ones by pointer.
template <class T>
class ContextVar {
public:
    /// What set() gives and reset() takes: the value before.
    class Token {
        friend ContextVar;
        const ContextVar* variable_ = nullptr;
        const internal::ContextSlot* context_ = nullptr;  // only compared
        internal::ContextValue old_;
        bool used_ = false;
    };

    explicit ContextVar(std::string name) : name_(std::move(name)) {}
    ContextVar(std::string name, T default_value)
        : name_(std::move(name)), default_(std::move(default_value)) {}
    ContextVar(const ContextVar&) = delete;
    ContextVar& operator=(const ContextVar&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Errors: LookupError when there is neither a value nor a default.
    [[nodiscard]] T get() const { return get_from(internal::current_context()); }
    [[nodiscard]] T get(T default_value) const {
        const T* value = find(internal::current_context());
        return value ? *value : std::move(default_value);
    }
    /// The value in that context.
    [[nodiscard]] T get(const Context& context) const { return get_from(*context.state_); }
    [[nodiscard]] T get(const ContextView& context) const { return get_from(*context.slot_); }

    Token set(T value) {
        internal::ContextSlot& slot = internal::current_context();
        Token token;
        token.variable_ = this;
        token.context_ = &slot;
        if (const auto* old = slot ? slot->find(this) : nullptr) token.old_ = *old;
        // Made first: should that throw, the context is as before.
        internal::ContextValue made = std::make_shared<const T>(std::move(value));
        slot = internal::ContextTable::with(std::move(slot), this, std::move(made));
        return token;
    }
    /// Errors: RuntimeError for a token that was used before; else ValueError for one of another
    ///         variable or context, which may still be used there.
    void reset(Token& token) {
        if (token.used_) throw RuntimeError("the token of a ContextVar was already used once");
        if (token.variable_ != this) {
            throw ValueError("the token was made by a different ContextVar than " + name_);
        }
        if (token.context_ != &internal::current_context()) {
            throw ValueError("the token of ContextVar " + name_ +
                             " was made in a different Context");
        }
        token.used_ = true;
        internal::ContextSlot& slot = internal::current_context();
        slot = token.old_ ? internal::ContextTable::with(std::move(slot), this, token.old_)
                          : internal::ContextTable::without(std::move(slot), this);
    }

private:
    [[nodiscard]] const T* find(const internal::ContextSlot& slot) const noexcept {
        const auto* value = slot ? slot->find(this) : nullptr;
        return value ? static_cast<const T*>(value->get()) : default_ ? &*default_ : nullptr;
    }
    [[nodiscard]] T get_from(const internal::ContextSlot& slot) const {
        const T* value = find(slot);
        if (!value) throw LookupError("ContextVar " + name_ + " has no value and no default");
        return *value;
    }

    std::string name_;
    std::optional<T> default_;
};

}  // namespace weft

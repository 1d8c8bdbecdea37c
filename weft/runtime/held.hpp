// SPDX-License-Identifier: Apache-2.0
// weft/runtime/held.hpp - Held: what `async with lock:` holds, until it is destroyed.
#pragma once

#include <utility>

namespace weft {

/// Holds a lock, a permit or a token, and releases it when destroyed.
///
///     const auto held = co_await lock.scoped();
///
/// When it was released already by other means, the destructor does nothing: it cannot throw.
///
/// Lifetime: what it holds must outlive it.
template <class Primitive>
class [[nodiscard]] Held {
public:
    /// Holds nothing.
    Held() = default;
    /// Takes over what the caller acquired.
    explicit Held(Primitive& acquired) noexcept : held_(&acquired) {}
    Held(Held&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    Held& operator=(Held&& other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~Held() {
        if (held_) held_->release_if_held();
    }

    [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }
    /// Releases it now; nothing when it holds nothing.
    /// Errors: those of the primitive's release().
    void release() {
        if (held_) std::exchange(held_, nullptr)->release();
    }

private:
    Primitive* held_ = nullptr;
};

namespace internal {

// A wait that gives a Held.
template <class Wait, class Primitive>
class ScopedWait final : public Wait {
public:
    explicit ScopedWait(Primitive& primitive) noexcept : Wait(primitive) {}
    Held<Primitive> await_resume() {
        Wait::await_resume();
        return Held<Primitive>(this->place());
    }
};

}  // namespace internal
}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/base/ref.hpp - a pointer that counts in the object, without atomics.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace weft {

/// Shared ownership of an object that counts its owners itself.
///
/// The object has `void retain() noexcept` and `void release() noexcept`; the last release
/// destroys it.
/// Thread: the counts are plain integers, so all owners live on one thread.
template <class T>
class [[clang::trivial_abi]] Ref {
public:
    Ref() = default;
    Ref(std::nullptr_t) {}
    /// Takes part in the ownership of `object`.
    explicit Ref(T* object) noexcept : object_(object) {
        if (object_) object_->retain();
    }
    /// Takes over a count that the caller holds.
    [[nodiscard]] static Ref adopt(T* object) noexcept {
        Ref ref;
        ref.object_ = object;
        return ref;
    }
    Ref(const Ref& other) noexcept : Ref(other.object_) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <class U>
        requires(!std::is_same_v<T, U> && std::is_convertible_v<U*, T*>)
    Ref(Ref<U> other) noexcept : object_(other.leak()) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_) object_->release();
    }

    [[nodiscard]] T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    friend bool operator==(const Ref&, const Ref&) = default;

    /// Gives the count to the caller.
    [[nodiscard]] T* leak() noexcept { return std::exchange(object_, nullptr); }

private:
    T* object_ = nullptr;
};

}  // namespace weft

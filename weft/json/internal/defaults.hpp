// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/defaults.hpp - which members of a model have an initializer.
//
// The language cannot say it, so it is observed once for each model: a model is made over memory that
// is filled with a pattern, and so is each of its members alone. A member that has no initializer
// looks the same both ways: a number keeps the pattern, a string is empty. One that has an initializer
// differs for one pattern at least.
//
// Not seen are initializers that change nothing, such as `std::vector<int> ids = {}`, which is what
// Field::required is for. What the memory of an object held before it began is outside of the
// standard's guarantees; hence the functions that no compiler looks into, and this file of its own.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <weft/json/field.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/model.hpp>

#ifdef __clang__
#define WEFT_NOT_OPTIMIZED [[gnu::noinline, clang::optnone]]
#else
#define WEFT_NOT_OPTIMIZED [[gnu::noinline, gnu::noipa, gnu::optimize("O0")]]
#endif

namespace weft::json::internal {

template <class T>
WEFT_NOT_OPTIMIZED T* make_over(unsigned char* memory, int pattern) {
    std::memset(memory, pattern, sizeof(T));
    return ::new (static_cast<void*>(memory)) T;
}

/// A T that was made without arguments over memory with a pattern.
template <class T>
class Trial {
public:
    explicit Trial(int pattern) : object_(make_over<T>(memory_, pattern)) {}
    ~Trial() { object_->~T(); }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    [[nodiscard]] const T& object() const { return *object_; }

private:
    alignas(T) unsigned char memory_[sizeof(T)];
    T* object_;
};

template <class T>
bool differs(const T& in_model, const T& alone) {
    if constexpr (!std::is_same_v<T, Plain<T>> && std::is_class_v<Plain<T>>) {
        return differs<Plain<T>>(in_model, alone);
    } else if constexpr (Nullable<T>) {
        return static_cast<bool>(in_model) != static_cast<bool>(alone);
    } else if constexpr (Model<T>) {
        return with_members(in_model, [&](const auto&... in_models) {
            return with_members(
                alone, [&](const auto&... alones) { return (differs(in_models, alones) || ...); });
        });
    } else if constexpr (std::is_trivially_copyable_v<T>) {
        return std::memcmp(static_cast<const void*>(&in_model), static_cast<const void*>(&alone),
                           sizeof(T)) != 0;
    } else if constexpr (requires { in_model.is_null(); }) {  // a Value
        return !in_model.is_null();
    } else if constexpr (requires { in_model.empty(); }) {
        return !in_model.empty();
    } else {
        return false;
    }
}

template <class M>
bool has_initializer(const M& in_model, int pattern) {
    return differs(in_model, Trial<M>(pattern).object());
}

template <class M>
bool may_be_left_out(bool has_initializer) {
    constexpr Required required = field_of<M>.required;
    if constexpr (required == Required::automatic) return has_initializer || Nullable<Plain<M>>;
    return required == Required::no;
}

template <Model T>
using MemberSet = std::bitset<member_count<T>>;

template <Model T>
MemberSet<T> find_initializers(int pattern) {
    const Trial<T> trial(pattern);
    return with_members(trial.object(), [&](const auto&... members) {
        MemberSet<T> found;
        std::size_t index = 0;
        ((found[index++] = has_initializer(members, pattern)), ...);
        return found;
    });
}

template <Model T>
MemberSet<T> find_optional_members() {
    const MemberSet<T> initialized = find_initializers<T>(0xa5) | find_initializers<T>(0x5a);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        MemberSet<T> found;
        ((found[I] = may_be_left_out<MemberType<T, I>>(initialized[I])), ...);
        return found;
    }(std::make_index_sequence<member_count<T>>());
}

/// The members that an object need not have.
/// Thread: any.
template <Model T>
const MemberSet<T>& optional_members() {
    static const MemberSet<T> found = find_optional_members<T>();
    return found;
}

}  // namespace weft::json::internal

#undef WEFT_NOT_OPTIMIZED

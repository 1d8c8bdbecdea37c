// SPDX-License-Identifier: Apache-2.0
// weft/json/value.hpp - JSON of which no type says what it is.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/read_value.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/validation_error.hpp>

namespace weft::json {

class Object;
class Value;
class ValueRef;

namespace internal {

bool read_tape(Reading& in, Place at, Value& out, bool strict);
bool read_tape(Reading& in, Place at, Object& out, bool strict);
void write_json(Output& out, const Object& object);
void put_value(Output& out, const Value& value);
// A template, since all sorts of types convert to a Value.
template <std::same_as<Value> T>
void write_json(Output& out, const T& value) {
    put_value(out, value);
}

}  // namespace internal

using Array = std::vector<Value>;

/// Names and values in the order in which they came, as in Python's dict: each name once, the first
/// place of it, the last value.
///
///     json::Object event{{"type", "created"}, {"id", 7}};
///     event["tags"] = json::Array{"new", "urgent"};
///
/// Cost: a name is looked for from front to back. Of objects with thousands of names make a std::map.
class Object {
public:
    using value_type = std::pair<std::string, Value>;
    using const_iterator = std::vector<value_type>::const_iterator;

    Object() noexcept;
    Object(std::initializer_list<value_type> members);
    Object(const Object& other);
    Object(Object&& other) noexcept;
    Object& operator=(const Object& other);
    Object& operator=(Object&& other) noexcept;
    ~Object();

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] bool empty() const noexcept;
    [[nodiscard]] const_iterator begin() const noexcept;
    [[nodiscard]] const_iterator end() const noexcept;

    [[nodiscard]] bool contains(std::string_view name) const noexcept;
    /// Returns: the value of a name; null where it is not there.
    [[nodiscard]] const Value* find(std::string_view name) const noexcept;
    [[nodiscard]] Value* find(std::string_view name) noexcept;
    /// The value of a name, which is added at the end where it is not there.
    Value& operator[](std::string_view name);
    /// Returns: whether it was there.
    bool erase(std::string_view name);

    /// In any order, as in Python.
    friend bool operator==(const Object& a, const Object& b);

private:
    friend bool internal::read_tape(internal::Reading& in, internal::Place at, Object& out,
                                    bool strict);

    std::vector<value_type> members_;
};

/// Any JSON: null, a bool, a number, a string, an array, an object.
///
///     const auto value = json::loads<json::Value>(text);
///     const int port = value["server"]["port"].as<int>();
///     for (const auto& [name, child] : value.object()) …
///
/// It is a type like any other in models: what a struct does not want to know more of is one. It is
/// made from what it can hold, and changed through array() and object():
///
///     json::Value value = json::Object{{"server", json::Object{{"port", 8080}}}};
///     value.object()["debug"] = true;
///
/// Integers are int64, or uint64 beyond; as in Python 1, 1.0 are equal, and the order of names is none
/// of an object's own.
///
/// Errors: where something else is wanted than what is there, a ValidationError as loads() has it, with
///         the kind and the place: "server.port", "missing".
/// Cost:   40 bytes, and what it holds. As deep as it is, copying and ending it use the stack.
/// Limits: what is read, those of ReadOptions.
class Value {
public:
    /// null
    Value() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): `value = 3` is what these are for
    Value(std::nullptr_t) noexcept {}
    template <std::same_as<bool> B>
    Value(B value) noexcept : data_(value) {}
    template <internal::Number N>
    Value(N number) noexcept : data_(widen(number)) {}
    Value(const char* text) : data_(std::string(text)) {}
    Value(std::string_view text) : data_(std::string(text)) {}
    Value(std::string text) noexcept : data_(std::move(text)) {}
    Value(Array array) noexcept : data_(std::move(array)) {}
    Value(Object object) noexcept : data_(std::move(object)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool is_null() const noexcept { return holds<std::monostate>(); }
    [[nodiscard]] bool is_bool() const noexcept { return holds<bool>(); }
    [[nodiscard]] bool is_integer() const noexcept {
        return holds<std::int64_t>() || holds<std::uint64_t>();
    }
    /// An integer, too.
    [[nodiscard]] bool is_number() const noexcept { return is_integer() || holds<double>(); }
    [[nodiscard]] bool is_string() const noexcept { return holds<std::string>(); }
    [[nodiscard]] bool is_array() const noexcept { return holds<Array>(); }
    [[nodiscard]] bool is_object() const noexcept { return holds<Object>(); }

    /// A part of it. Lifetime: this value, unchanged.
    /// Errors: "dict_type", "list_type"   it is no object, no array
    ///         "missing"                  the name or index is not there
    [[nodiscard]] ValueRef operator[](std::string_view name) const;
    [[nodiscard]] ValueRef operator[](std::size_t index) const;
    /// Returns: the value of a name; null where it is not there, or this is no object.
    [[nodiscard]] const Value* get(std::string_view name) const noexcept;

    /// It as a `T`, any that loads() takes, with the same conversions.
    /// Errors: ValidationError   it is no `T`
    ///         ValueError        what dumps() refuses is in it
    /// Cost:   of bool, numbers and std::string nothing; all else is written and read again.
    template <class T>
    [[nodiscard]] T as() const;

    /// Errors: "list_type"   it is no array.
    [[nodiscard]] const Array& array() const;
    [[nodiscard]] Array& array();
    /// Errors: "dict_type"   it is no object.
    [[nodiscard]] const Object& object() const;
    [[nodiscard]] Object& object();

    /// By value, so that 1 is 1.0; true is no number.
    friend bool operator==(const Value& a, const Value& b);

private:
    friend class ValueRef;
    friend void internal::put_value(internal::Output& out, const Value& value);

    using Data = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                              std::string, Array, Object>;

    template <class T>
    [[nodiscard]] bool holds() const noexcept {
        return std::holds_alternative<T>(data_);
    }
    template <internal::Number N>
    static Data widen(N number) noexcept {
        if constexpr (std::is_floating_point_v<N>) {
            return static_cast<double>(number);
        } else {
            if (!std::in_range<std::int64_t>(number)) return static_cast<std::uint64_t>(number);
            return static_cast<std::int64_t>(number);
        }
    }

    // Whether it holds a T as it is.
    template <class T>
    bool take(T& out) const {
        if constexpr (std::same_as<T, bool> || std::same_as<T, std::string> ||
                      std::same_as<T, double>) {
            if (const T* const held = std::get_if<T>(&data_)) return out = *held, true;
        } else if constexpr (std::integral<T> && internal::Number<T>) {
            const auto* const held = std::get_if<std::int64_t>(&data_);
            if (held && std::in_range<T>(*held)) return out = static_cast<T>(*held), true;
        }
        return false;
    }

    Data data_;
};

/// A part of a Value that knows where in it it is, for errors to tell.
///
/// Lifetime: the Value, unchanged.
/// Cost:     each step may allocate memory for the place.
class ValueRef {
public:
    /// As of Value.
    [[nodiscard]] ValueRef operator[](std::string_view name) const&;
    [[nodiscard]] ValueRef operator[](std::string_view name) &&;
    [[nodiscard]] ValueRef operator[](std::size_t index) const&;
    [[nodiscard]] ValueRef operator[](std::size_t index) &&;
    template <class T>
    [[nodiscard]] T as() const;
    [[nodiscard]] const Array& array() const;
    [[nodiscard]] const Object& object() const;

    [[nodiscard]] const Value& operator*() const noexcept { return *value_; }
    [[nodiscard]] const Value* operator->() const noexcept { return value_; }
    [[nodiscard]] const std::vector<LocItem>& loc() const noexcept { return loc_; }

private:
    friend class Value;

    explicit ValueRef(const Value& value) : value_(&value) {}
    void step(std::string_view name);
    void step(std::size_t index);
    // Throws a ValidationError: something is wrong here.
    [[noreturn]] void fail(std::string_view type) const;
    [[noreturn]] void fail(ValidationErrors errors) const;
    [[nodiscard]] std::string text() const;

    const Value* value_;
    std::vector<LocItem> loc_;
};

template <class T>
T ValueRef::as() const {
    if constexpr (std::same_as<T, Value>) {
        return *value_;
    } else {
        T out{};
        if (value_->take(out)) return out;
        const std::string text = this->text();
        internal::Reading reading(text, {.bytes_max = internal::text_bytes_max});
        if (reading.root() == nullptr || !internal::read_value(reading, reading.root(), out)) {
            fail(reading.take_errors());
        }
        return out;
    }
}

template <class T>
T Value::as() const {
    return ValueRef(*this).as<T>();
}

}  // namespace weft::json

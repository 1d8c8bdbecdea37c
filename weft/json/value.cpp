// SPDX-License-Identifier: Apache-2.0
#include <weft/json/value.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <weft/json/internal/error_texts.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/read_value.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/write_value.hpp>
#include <weft/json/validation_error.hpp>
#include <weft/json/write.hpp>

namespace weft::json {

// ---- objects

Object::Object() noexcept = default;
Object::Object(const Object& other) = default;
Object::Object(Object&& other) noexcept = default;
Object& Object::operator=(const Object& other) = default;
Object& Object::operator=(Object&& other) noexcept = default;
Object::~Object() = default;

Object::Object(std::initializer_list<value_type> members) {
    members_.reserve(members.size());
    for (const auto& [name, value] : members) (*this)[name] = value;
}

std::size_t Object::size() const noexcept { return members_.size(); }
bool Object::empty() const noexcept { return members_.empty(); }
Object::const_iterator Object::begin() const noexcept { return members_.begin(); }
Object::const_iterator Object::end() const noexcept { return members_.end(); }

const Value* Object::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(members_, name, &value_type::first);
    return found == members_.end() ? nullptr : &found->second;
}
Value* Object::find(std::string_view name) noexcept {
    return const_cast<Value*>(std::as_const(*this).find(name));
}
bool Object::contains(std::string_view name) const noexcept { return find(name) != nullptr; }

Value& Object::operator[](std::string_view name) {
    if (Value* const found = find(name)) return *found;
    return members_.emplace_back(std::string(name), Value()).second;
}

bool Object::erase(std::string_view name) {
    return std::erase_if(members_, [&](const value_type& member) { return member.first == name; }) >
           0;
}

namespace {

// By name, so that large objects take no quadratic time.
std::vector<const Object::value_type*> sorted(const Object& object) {
    std::vector<const Object::value_type*> members;
    members.reserve(object.size());
    for (const Object::value_type& member : object) members.push_back(&member);
    std::ranges::sort(members, {},
                      [](const auto* member) -> std::string_view { return member->first; });
    return members;
}

}  // namespace

bool operator==(const Object& a, const Object& b) {
    return a.size() == b.size() &&
           std::ranges::equal(sorted(a), sorted(b),
                              [](const auto* one, const auto* other) { return *one == *other; });
}

// ---- values

namespace {

// Integers and doubles by what they stand for: 2^53 + 1 is not the double 2^53.
bool are_equal(std::int64_t integer, double real) {
    return real >= -0x1p63 && real < 0x1p63 && static_cast<std::int64_t>(real) == integer &&
           static_cast<double>(static_cast<std::int64_t>(real)) == real;
}
bool are_equal(std::uint64_t integer, double real) {
    return real >= 0 && real < 0x1p64 && static_cast<std::uint64_t>(real) == integer &&
           static_cast<double>(static_cast<std::uint64_t>(real)) == real;
}

struct Equal {
    template <class T>
    bool operator()(const T& a, const T& b) const {
        return a == b;
    }
    bool operator()(std::int64_t a, double b) const { return are_equal(a, b); }
    bool operator()(double a, std::int64_t b) const { return are_equal(b, a); }
    bool operator()(std::uint64_t a, double b) const { return are_equal(a, b); }
    bool operator()(double a, std::uint64_t b) const { return are_equal(b, a); }
    template <class A, class B>
    bool operator()(const A&, const B&) const {
        return false;  // an unsigned integer is always above the signed ones
    }
};

}  // namespace

bool operator==(const Value& a, const Value& b) { return std::visit(Equal(), a.data_, b.data_); }

ValueRef Value::operator[](std::string_view name) const { return ValueRef(*this)[name]; }
ValueRef Value::operator[](std::size_t index) const { return ValueRef(*this)[index]; }

const Value* Value::get(std::string_view name) const noexcept {
    const Object* const object = std::get_if<Object>(&data_);
    return object ? object->find(name) : nullptr;
}

const Array& Value::array() const { return ValueRef(*this).array(); }
Array& Value::array() { return const_cast<Array&>(std::as_const(*this).array()); }
const Object& Value::object() const { return ValueRef(*this).object(); }
Object& Value::object() { return const_cast<Object&>(std::as_const(*this).object()); }

// ---- references

const Array& ValueRef::array() const {
    if (const Array* const array = std::get_if<Array>(&value_->data_)) return *array;
    fail("list_type");
}

const Object& ValueRef::object() const {
    if (const Object* const object = std::get_if<Object>(&value_->data_)) return *object;
    fail("dict_type");
}

void ValueRef::step(std::string_view name) {
    const Value* const found = object().find(name);
    loc_.emplace_back(std::string(name));
    if (!found) fail("missing");
    value_ = found;
}

void ValueRef::step(std::size_t index) {
    const Array& elements = array();
    loc_.emplace_back(index);
    if (index >= elements.size()) fail("missing");
    value_ = &elements[index];
}

ValueRef ValueRef::operator[](std::string_view name) const& { return ValueRef(*this)[name]; }
ValueRef ValueRef::operator[](std::size_t index) const& { return ValueRef(*this)[index]; }
ValueRef ValueRef::operator[](std::string_view name) && {
    step(name);
    return std::move(*this);
}
ValueRef ValueRef::operator[](std::size_t index) && {
    step(index);
    return std::move(*this);
}

std::string ValueRef::text() const { return dumps(*value_); }

void ValueRef::fail(std::string_view type) const {
    ValidationErrors errors;
    errors.errors.push_back({.type = std::string(type),
                             .loc = {},
                             .msg = internal::message_of(type),
                             .input = {},
                             .ctx = {}});
    fail(std::move(errors));
}

void ValueRef::fail(ValidationErrors errors) const {
    for (ErrorDetails& error : errors.errors) {
        error.loc.insert(error.loc.begin(), loc_.begin(), loc_.end());
    }
    throw ValidationError(std::move(errors));
}

// ---- reading and writing

namespace internal {
namespace {

struct Entry {
    std::string_view name;
    Place value;
};

// Of each name the place of the first and the value of the last.
void keep_last_values(std::vector<Entry>& entries) {
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(entries[i].name, i); });
    std::size_t first = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (entries[order[i]].name != entries[order[first]].name) {
            first = i;
            continue;
        }
        entries[order[first]].value = entries[order[i]].value;
        entries[order[i]].value = nullptr;
    }
    std::erase_if(entries, [](const Entry& entry) { return entry.value == nullptr; });
}

bool read_big_number(Reading& in, Place at, Value& out) {
    const bool is_real = in.tape().text(at).find_first_of(".eE") != std::string_view::npos;
    if (!is_real) return in.fail("int_parsing_size", at);
    double value = 0;
    if (!in.read_number(at, value, true)) return false;
    out = value;
    return true;
}

}  // namespace

bool read_tape(Reading& in, Place at, Object& out, bool strict) {
    if (tag(at) != '{') return in.fail("dict_type", at);
    std::vector<Entry> entries;
    const Place end = in.tape().after(at) - 1;
    for (Place key = at + 1; key != end; key = in.tape().after(key + 1)) {
        entries.push_back({in.tape().text(key), key + 1});
    }
    keep_last_values(entries);
    out.members_.clear();
    out.members_.reserve(entries.size());
    bool is_good = true;
    for (const auto& [name, value] : entries) {
        const std::size_t mark = in.mark();
        Value& read = out.members_.emplace_back(std::string(name), Value()).second;
        if (!read_tape(in, value, read, strict)) is_good = in.within(mark, name);
    }
    return is_good;
}

bool read_tape(Reading& in, Place at, Value& out, bool strict) {
    switch (tag(at)) {
        case '{': {
            out = Object();
            return read_tape(in, at, out.object(), strict);
        }
        case '[': {
            out = Array();
            return read_value(in, at, out.array());
        }
        case '"':
            out = in.tape().text(at);
            return true;
        case 'l':
            out = signed_at(at);
            return true;
        case 'u':
            out = unsigned_at(at);
            return true;
        case 'd':
            out = double_at(at);
            return true;
        case 'Z':
            return read_big_number(in, at, out);
        case 't':
        case 'f':
            out = tag(at) == 't';
            return true;
        default:
            out = nullptr;
            return true;
    }
}

void write_json(Output& out, const Object& object) { write_map(out, object); }

void put_value(Output& out, const Value& value) {
    std::visit([&](const auto& held) { write_value(out, held); }, value.data_);
}

}  // namespace internal
}  // namespace weft::json

// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "trace.hpp"

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>

namespace conformance {
namespace {

void write_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", c);
            out += escape;
        } else {
            out += c;
        }
    }
    out += '"';
}

// Python's str(error).
std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const weft::KeyError& e) {
        return "'" + std::string(e.what()) + "'";  // a KeyError shows the key's repr
    } catch (const std::exception& e) {
        return e.what();
    } catch (const weft::CancelledError& e) {
        return e.message();
    } catch (const weft::KeyboardInterrupt& e) {
        return e.message();
    } catch (const weft::SystemExit& e) {
        return std::to_string(e.code());
    }
}

}  // namespace

Json::Json(const Trace& trace) : value_(trace.items()) {}

const Json& Json::operator[](std::size_t at) const { return std::get<List>(value_).at(at); }
const std::string& Json::text() const { return std::get<std::string>(value_); }

std::string Json::to_string() const {
    std::string out;
    write(out);
    return out;
}

void Json::write(std::string& out) const {
    struct Writer {
        std::string& out;
        void operator()(std::nullptr_t) const { out += "null"; }
        void operator()(bool value) const { out += value ? "true" : "false"; }
        void operator()(std::int64_t value) const { out += std::to_string(value); }
        void operator()(double value) const {
            char digits[32];
            std::snprintf(digits, sizeof digits, "%.12g", value);
            out += digits;
        }
        void operator()(const std::string& value) const { write_string(out, value); }
        void operator()(const List& values) const {
            out += '[';
            for (const Json& value : values) {
                if (&value != &values.front()) out += ", ";
                value.write(out);
            }
            out += ']';
        }
        void operator()(const Object& members) const {
            out += '{';
            for (const auto& member : members) {
                if (&member != &members.front()) out += ", ";
                write_string(out, member.first);
                out += ": ";
                member.second.write(out);
            }
            out += '}';
        }
    };
    std::visit(Writer{out}, value_);
}

Json::List Trace::items() const {
    const std::lock_guard lock(state_->mutex);
    return state_->items;
}

void Trace::append(Json item) const {
    const std::lock_guard lock(state_->mutex);
    state_->items.push_back(std::move(item));
}

// "conformance::ZeroDivisionError" -> "ZeroDivisionError"
std::string type_name(const std::exception_ptr& error) {
    const std::string name = weft::type_name(error);
    const std::size_t colon = name.rfind(':');
    return colon == std::string::npos ? name : name.substr(colon + 1);
}

Json en(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const weft::ExceptionGroup& group) {
        Json::List members;
        for (const auto& member : group.exceptions()) members.push_back(en(member));
        return Json(Json::Object{{type_name(error), Json(std::move(members))}});
    } catch (...) {
        const std::string text = text_of(error);
        return type_name(error) + (text.empty() ? "" : ":" + text.substr(0, 90));
    }
}

Json en() { return en(std::current_exception()); }

std::string type_name() { return type_name(std::current_exception()); }

}  // namespace conformance

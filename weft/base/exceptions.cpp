// SPDX-License-Identifier: Apache-2.0
#include <weft/base/exceptions.hpp>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <typeinfo>

#include <cxxabi.h>

#include <weft/base/await_chain.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/base/free_with.hpp>

namespace weft {
namespace {

const std::type_info& type_of(const std::exception_ptr& error) noexcept {
    return *error.__cxa_exception_type();
}

}  // namespace

OSError::OSError(int code, const std::string& what) : code_(code) {
    set_message("[Errno " + std::to_string(code) + "] " + what);
}

std::string demangled(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, FreeWith<std::free>> name(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status));
    return status == 0 ? name.get() : type.name();
}

std::string type_name(const std::exception_ptr& error) {
    check(error != nullptr, "type_name() needs an exception");
    std::string name = demangled(type_of(error));
    if (name.starts_with("weft::")) name.erase(0, 6);
    return name;
}

std::string message(const std::exception_ptr& error) {
    check(error != nullptr, "message() needs an exception");
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (const CancelledError& e) {
        return e.message();
    } catch (const KeyboardInterrupt& e) {
        return e.message();
    } catch (const SystemExit& e) {
        return std::to_string(e.code());
    } catch (...) {
        return {};
    }
}

std::string describe(const std::exception_ptr& error) {
    std::string text = type_name(error);
    if (const std::string said = message(error); !said.empty()) text += ": " + said;
    try {
        std::rethrow_exception(error);
    } catch (const ExceptionGroup& group) {
        for (std::size_t i = 0; i < group.exceptions().size(); ++i) {
            // Indent nested groups below their parent, and the awaits below their error.
            std::string inner = describe(group.exceptions()[i]);
            if (const std::string chain = format_await_chain(group.await_chain(i));
                !chain.empty()) {
                inner += '\n' + chain.substr(0, chain.size() - 1);
            }
            for (std::size_t at = 0; (at = inner.find('\n', at)) != std::string::npos; at += 3) {
                inner.replace(at, 1, "\n  ");
            }
            text += "\n  | " + inner;
        }
    } catch (...) {  // no group
    }
    return text;
}

bool is_cancelled_error(const std::exception_ptr& error) noexcept {
    return error && type_of(error) == typeid(CancelledError);
}

bool is_plain_cancellation(const std::exception_ptr& error) noexcept {
    // An exception_ptr is a pointer to the thrown object; it offers no way to look without a
    // throw, which costs more than all the rest of a cancellation.
    static_assert(sizeof error == sizeof(const CancelledError*));
    if (!is_cancelled_error(error)) return false;
    return (*reinterpret_cast<const CancelledError* const*>(&error))->message().empty();
}

bool is_loop_ending(const std::exception_ptr& error) noexcept {
    return error &&
           (type_of(error) == typeid(KeyboardInterrupt) || type_of(error) == typeid(SystemExit));
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// weft/base/exceptions.hpp - Python's exception tree, as far as asyncio's programs see it.
//
//   BaseException of Python; not std::exception, so that no handler of ordinary errors takes them:
//     CancelledError · KeyboardInterrupt · SystemExit
//   Exception (is a std::exception)
//     RuntimeError > BrokenBarrierError · NotImplementedError · RecursionError
//     ValueError · TypeError · InvalidStateError · StopAsyncIteration · EOFError
//     LookupError > KeyError
//     OSError (os_error.hpp makes the one for an errno)
//       BlockingIOError · ChildProcessError · FileExistsError · FileNotFoundError
//       InterruptedError · IsADirectoryError · NotADirectoryError · PermissionError
//       ProcessLookupError · TimeoutError
//       ConnectionError > BrokenPipeError · ConnectionAbortedError · ConnectionRefusedError
//                         ConnectionResetError
//     QueueEmpty · QueueFull · QueueShutDown
//     ExceptionGroup (exception_group.hpp)
#pragma once

#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

namespace weft {

/// The root of everything that weft throws as an error, and of Python's names for errors.
///
/// Where Python's tree has an error with two parents, such as aiohttp's ServerTimeoutError, both
/// derive from it virtually, so that each handler of either takes the error: OSError and ValueError
/// do. A class that derives from these gives the text to their constructors, not to this one.
class Exception : public std::exception {
public:
    Exception() = default;
    explicit Exception(std::string message) : message_(std::move(message)) {}

    /// The text, without the type's name; what str(error) is in Python.
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

    /// What this error was made from (`raise … from cause`); null when there is none.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }
    void set_cause(std::exception_ptr cause) noexcept { cause_ = std::move(cause); }

    /// The error that was being handled when this one was raised (`__context__`); null when none.
    [[nodiscard]] const std::exception_ptr& context() const noexcept { return context_; }
    void set_context(std::exception_ptr context) noexcept { context_ = std::move(context); }

protected:
    /// For a class that derives virtually: the most derived one constructs this base, without a text.
    void set_message(std::string message) noexcept { message_ = std::move(message); }

private:
    std::string message_;
    std::exception_ptr cause_;
    std::exception_ptr context_;
};

class RuntimeError : public Exception {
    using Exception::Exception;
};
class BrokenBarrierError : public RuntimeError {
    using RuntimeError::RuntimeError;
};
/// What this kind of object cannot do.
class NotImplementedError : public RuntimeError {
    using RuntimeError::RuntimeError;
};
/// Tasks that await each other in a ring were to be cancelled.
class RecursionError : public RuntimeError {
    using RuntimeError::RuntimeError;
};
class ValueError : public virtual Exception {
public:
    ValueError() = default;
    explicit ValueError(std::string message) { set_message(std::move(message)); }
};
class TypeError : public Exception {
    using Exception::Exception;
};
class LookupError : public Exception {
    using Exception::Exception;
};
class KeyError : public LookupError {
    using LookupError::LookupError;
};
/// What the system refused. `throw_os_error()` picks the type that belongs to an errno.
class OSError : public virtual Exception {
public:
    OSError() = default;
    explicit OSError(std::string message) { set_message(std::move(message)); }
    /// The text is "[Errno code] what", as in Python.
    OSError(int code, const std::string& what);

    /// The errno (Python's `e.errno`); 0 when there is none.
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_ = 0;
};
class BlockingIOError : public OSError {
    using OSError::OSError;
};
class ChildProcessError : public OSError {
    using OSError::OSError;
};
class FileExistsError : public OSError {
    using OSError::OSError;
};
class FileNotFoundError : public OSError {
    using OSError::OSError;
};
class InterruptedError : public OSError {
    using OSError::OSError;
};
class IsADirectoryError : public OSError {
    using OSError::OSError;
};
class NotADirectoryError : public OSError {
    using OSError::OSError;
};
class PermissionError : public OSError {
    using OSError::OSError;
};
class ProcessLookupError : public OSError {
    using OSError::OSError;
};
/// A deadline passed. As in Python it is an OSError, and asyncio's name for it is the same type.
class TimeoutError : public OSError {
    using OSError::OSError;
};
class ConnectionError : public OSError {
    using OSError::OSError;
};
class BrokenPipeError : public ConnectionError {
    using ConnectionError::ConnectionError;
};
class ConnectionAbortedError : public ConnectionError {
    using ConnectionError::ConnectionError;
};
class ConnectionRefusedError : public ConnectionError {
    using ConnectionError::ConnectionError;
};
class ConnectionResetError : public ConnectionError {
    using ConnectionError::ConnectionError;
};
/// The end came before what was to be read.
class EOFError : public Exception {
    using Exception::Exception;
};
/// An operation on a Future or Task that its state does not allow.
class InvalidStateError : public Exception {
    using Exception::Exception;
};
/// An asynchronous generator has no further value.
class StopAsyncIteration : public Exception {
    using Exception::Exception;
};
class QueueEmpty : public Exception {
    using Exception::Exception;
};
class QueueFull : public Exception {
    using Exception::Exception;
};
/// put() or get() on a queue that was shut down.
class QueueShutDown : public Exception {
    using Exception::Exception;
};

/// The task was cancelled. Let it pass, or clean up and throw it on: a handler that keeps it makes
/// the task outlive its cancellation.
///
/// Not a std::exception, so that `catch (const std::exception&)` lets it pass. `catch (...)` does
/// not: there, rethrow.
class CancelledError {
public:
    CancelledError() = default;
    explicit CancelledError(std::string message) : message_(std::move(message)) {}

    /// What the caller of Task::cancel() said; empty when nothing.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
    std::string message_;
};

/// Ctrl-C. Ends the loop that it arises in; not a std::exception.
class KeyboardInterrupt {
public:
    KeyboardInterrupt() = default;
    explicit KeyboardInterrupt(std::string message) : message_(std::move(message)) {}
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
    std::string message_;
};

/// Asks the program to end with an exit code. Ends the loop that it arises in; it is not a
/// std::exception.
class SystemExit {
public:
    explicit SystemExit(int code = 0) : code_(code) {}
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

/// The type of an exception as Python would print it: "ValueError", "CancelledError"; the
/// demangled name without `weft::` for any other. Never null-safe: `error` must hold an exception.
[[nodiscard]] std::string type_name(const std::exception_ptr& error);

/// A type's name as written in the source.
[[nodiscard]] std::string demangled(const std::type_info& type);

/// The text of an exception without its type, what() of it; what `str(error)` is in Python. Empty
/// for a type that has none.
[[nodiscard]] std::string message(const std::exception_ptr& error);

/// "ValueError: text", or only the type where there is no text; one line for each member of a
/// group.
[[nodiscard]] std::string describe(const std::exception_ptr& error);

/// Whether `error` holds a `T` or something derived from it. Costs a throw; for error paths.
template <class T>
[[nodiscard]] bool holds(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const T&) {
        return true;
    } catch (...) {
        return false;
    }
}

/// Whether `error` holds exactly a CancelledError; costs a comparison, no throw.
[[nodiscard]] bool is_cancelled_error(const std::exception_ptr& error) noexcept;

/// The same, and that it has no message.
[[nodiscard]] bool is_plain_cancellation(const std::exception_ptr& error) noexcept;

/// Whether `error` is one that ends the loop: KeyboardInterrupt or SystemExit. No throw.
[[nodiscard]] bool is_loop_ending(const std::exception_ptr& error) noexcept;

}  // namespace weft

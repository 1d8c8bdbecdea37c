// SPDX-License-Identifier: Apache-2.0
// weft/runtime/backend.hpp - what the loop needs of the system: a clock, a way to wait, and I/O
// that completes.
//
// Shaped for completions: the loop submits an operation and is told its result, so io_uring fits
// as it is, and epoll does the system call itself once a descriptor is ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/list.hpp>
#include <weft/base/time.hpp>

namespace weft {

/// What an operation does, and what its completion tells. Those that transfer bytes tell a count,
/// which may be less than was asked for; an end is 0.
enum class IoKind : std::uint8_t {
    readable,       // completes each time that reading `fd` would not block, until cancelled
    writable,       // the same for writing
    readable_once,  // completes once, with 0
    writable_once,
    read,       // read(2) of up to `length` bytes into `buffer`; at `offset` unless that is -1
    write,      // write(2), likewise
    read_each,  // read(2) again and again, until cancelled, at an error or the end: the backend
                // lends `buffer`, which is only valid inside complete()

    // Of a socket. None raises SIGPIPE.
    receive,             // recv(2) of up to `length` bytes into `buffer`
    receive_each,        // the same again and again, as read_each
    receive_each_local,  // the same from a Unix socket, of which io_uring can miss the end
    send,                // send(2) of `length` bytes at `buffer`
    send_zero_copy,  // the same, where the backend does it: the system goes on reading from `buffer`.
                     // Completes with the count and `more`, then, when nobody reads there any more,
                     // with 1 where the bytes were copied all the same, else with 0. An error, or a
                     // count, without `more` is the only completion
    receive_message,  // recvmsg(2); `buffer` is a msghdr, which learns the sender's address
    send_message,     // sendmsg(2); `buffer` is a msghdr
    connect,  // connect(2) to the address of `length` bytes at `buffer`; one that is under way on
              // `fd` goes on. Completes with 0 when it is connected
    accept,   // accept(2): completes with a descriptor, which is non-blocking and closed on exec,
              // and belongs to the operation's owner, who must not lose it. `buffer` is null, or a
              // msghdr whose name and length become the peer's
    accept_each,  // the same again and again, until cancelled or at an error. `buffer` is null, or
                  // lent: a msghdr with the peer's name, which is only valid inside complete()

    // Of a file that has offsets, where the backend does files.
    file_read,   // pread(2) of up to `length` bytes into `buffer`, at `offset`
    file_write,  // pwrite(2), likewise
    file_sync,   // fsync(2)
};

/// One operation in the hands of a backend.
///
/// From submit() until complete() is called without `more`, the object and its buffer belong to
/// the backend (with io_uring: to the kernel) and may be neither moved nor destroyed. The same holds
/// for what a msghdr points to, and for the number of the descriptor: it is closed afterwards.
class IoOperation : public ListNode {
public:
    IoOperation(IoKind the_kind, int the_fd) noexcept : kind(the_kind), fd(the_fd) {}

    /// The operation has a result: a count, or a negative errno; -ECANCELED after a cancel that
    /// came in time. `more`: it stays submitted and completes again.
    /// Called on the loop's thread inside wait(), attempt() or cancel(); it only queues.
    virtual void complete(std::int32_t result, bool more) noexcept = 0;

    IoKind kind;
    int fd;
    std::byte* buffer = nullptr;
    std::size_t length = 0;
    /// Inside complete(): the bytes that a lent `buffer` is, which the operation may move from;
    /// null where it may not.
    Bytes* lent = nullptr;
    std::int64_t offset = -1;
    std::uint8_t backend_state = 0;  ///< for the backend alone

protected:
    ~IoOperation() = default;
};

/// The system below an EventLoop.
/// Thread: the loop's, except wake() and now().
class Backend {
public:
    virtual ~Backend() = default;

    /// A string literal, always the same.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;
    /// Whether it takes operations of files. Else a thread has to do them.
    [[nodiscard]] virtual bool does_files() const noexcept { return false; }
    /// Whether it sends without a copy, IoKind::send_zero_copy.
    [[nodiscard]] virtual bool does_zero_copy() const noexcept { return false; }
    /// False when time passes only while the loop waits.
    [[nodiscard]] virtual bool is_real_time() const noexcept { return true; }

    /// Starts an operation.
    /// Errors: OSError when the descriptor cannot be used, where that is seen at once, as it always
    ///         is for IoKind::readable and writable; complete() is not called then.
    virtual void submit(IoOperation& operation) = 0;

    /// Asks for the end of a submitted operation. True: it is over, and complete() will not be
    /// called. False: complete() will be, with -ECANCELED or with a result that came first.
    virtual bool cancel(IoOperation& operation) noexcept = 0;

    /// Tries a submitted operation that receives or reads again and again at once, which else has
    /// its turn in wait(). True: complete() was called. False: it was not, as of any other operation,
    /// when there have been many since the last wait(), and in a backend that does not do the system
    /// calls itself.
    virtual bool attempt(IoOperation& operation) noexcept {
        static_cast<void>(operation);
        return false;
    }

    /// Ends every operation: when it returns, complete() was called for all that are submitted, or
    /// is never called. The loop closes, and destroys what holds them.
    virtual void cancel_all() noexcept {}

    /// Delivers completions; waits for one, for wake() or until `deadline`, whichever is first.
    /// TimePoint::min() does not wait, max() waits without end.
    /// Errors:  OSError where the system fails; RuntimeError in a thread that cannot take it over.
    /// Returns: false when it would wait without end and nothing could ever end that; only a
    ///          virtual clock knows.
    [[nodiscard]] virtual bool wait(TimePoint deadline) = 0;

    /// Ends the wait() at hand, or the next one.
    /// Thread: any; safe in a signal handler.
    virtual void wake() noexcept = 0;

    /// Work on other threads that will wake() the loop begins or has ended. A virtual clock
    /// stands still meanwhile.
    virtual void outside_work(int change) noexcept { static_cast<void>(change); }
};

}  // namespace weft

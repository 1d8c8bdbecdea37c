// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/signals.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <signal.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/inbox.hpp>

namespace weft::internal {
namespace {

// One entry for each signal; the handler reads `inbox` and nothing else of the process.
struct Entry {
    std::atomic<Inbox*> inbox{nullptr};
    std::atomic<bool> pending{false};
    std::atomic<bool> insistent{false};
    struct sigaction before{};
};
Entry entries[NSIG];

void on_signal(int signal) {
    const int saved = errno;
    Entry& entry = entries[signal];
    if (entry.pending.exchange(true) && entry.insistent.load()) {
        std::signal(signal, SIG_DFL);
        ::raise(signal);
    }
    if (Inbox* inbox = entry.inbox.load()) inbox->wake();
    errno = saved;
}

void check_number(int signal) {
    if (signal < 1 || signal >= NSIG) {
        throw ValueError("sig should be in 1.." + std::to_string(NSIG - 1) + ", not " +
                         std::to_string(signal));
    }
}

}  // namespace

void claim_signal(int signal, Inbox& inbox, bool insistent) {
    check_number(signal);
    Entry& entry = entries[signal];
    entry.insistent.store(insistent);
    if (entry.inbox.exchange(&inbox)) return;  // the system's handler is ours already
    entry.pending.store(false);
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, &entry.before) != 0) {
        entry.inbox.store(nullptr);
        throw RuntimeError("sig " + std::to_string(signal) +
                           " cannot be caught: " + std::strerror(errno));
    }
}

void release_signal(int signal, Inbox& inbox) noexcept {
    Entry& entry = entries[signal];
    Inbox* expected = &inbox;
    if (!entry.inbox.compare_exchange_strong(expected, nullptr)) return;
    sigaction(signal, &entry.before, nullptr);
}

bool take_signal(int signal, Inbox& inbox) noexcept {
    Entry& entry = entries[signal];
    return entry.inbox.load() == &inbox && entry.pending.exchange(false);
}

bool is_claimed(int signal) noexcept { return entries[signal].inbox.load() != nullptr; }

}  // namespace weft::internal

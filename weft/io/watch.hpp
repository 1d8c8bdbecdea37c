// SPDX-License-Identifier: Apache-2.0
// weft/io/watch.hpp - Watch: what happens to a file, or to those in a directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <weft/base/ref.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

namespace internal {
class WatchState;
}

enum class Change : std::uint8_t {
    added,     ///< made, or moved to here
    modified,  ///< written to, or its permissions changed
    deleted,   ///< removed, or moved away
    lost,      ///< more happened than the system keeps: look at all of it anew
};

struct FileChange {
    Change change;
    std::string path;  ///< that of the watch, and below a directory the name in it
    friend bool operator==(const FileChange&, const FileChange&) = default;
};

/// Tells of changes, from when it was made on:
///
///     Watch changes(folder);
///     for (auto some = co_await changes.next(); !some.empty(); some = co_await changes.next()) {
///         …
///     }
///
/// Of a directory it tells what happens to the entries, not to what is in directories below it.
/// A handle: copies are the same watch.
///
/// Thread: of the loop that it was made in.
/// Limits: the system's, /proc/sys/fs/inotify: some 16,000 changes that nobody has asked for, then
///         Change::lost; 128 watches of a user.
/// Spec:   watchfiles.awatch(path, recursive=False), without its wait for more; inotify(7).
class Watch {
public:
    /// Errors: OSError; ValueError for a null character in the path
    explicit Watch(std::string path);
    Watch(const Watch&) noexcept;
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch) noexcept;
    ~Watch();

    /// Waits for changes, and gives those that there are, in their order.
    /// Returns:  none when the path itself is gone: that was the last of them.
    /// Errors:   RuntimeError when another task waits, and in another loop than its own
    /// Cancel:   safe.
    /// Suspends: maybe; never while there is one.
    [[nodiscard, clang::coro_wrapper,
      clang::coro_disable_lifetimebound]] Coro<std::vector<FileChange>>
    next() const;

private:
    Ref<internal::WatchState> state_;
};

}  // namespace weft

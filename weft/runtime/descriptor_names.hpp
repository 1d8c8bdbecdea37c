// SPDX-License-Identifier: Apache-2.0
// weft/runtime/descriptor_names.hpp - what the descriptors of a process are, in words.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace weft::internal {

/// Names descriptors as /proc knows them, of this process or another one:
///
///   "127.0.0.1:80->127.0.0.1:40112"   a connection: its own end, and the peer's
///   "[::]:80"                         a socket without a peer
///   "/run/app.sock", "unix socket"
///   "process 4711"                    of a pidfd
///   "/var/log/syslog", "pipe:[815]"   anything else, as the system calls it
///
/// Control characters in them become '?'.
class DescriptorNames {
public:
    /// Of this process, which asks for each socket: some microseconds.
    DescriptorNames();
    /// Of another one. The system's tables of sockets are read once, with the first socket that is
    /// asked for, which takes some milliseconds for each thousand sockets of the machine: one that is
    /// made later is "a socket".
    explicit DescriptorNames(int pid);

    /// Empty for what is no descriptor, or may not be looked at.
    [[nodiscard]] std::string of(int descriptor);

private:
    void read_sockets();

    [[nodiscard]] std::string raw_name_of(int descriptor);

    std::string folder_;  // of the process in /proc
    bool is_own_ = false;
    bool has_sockets_ = false;
    std::unordered_map<std::uint64_t, std::string> sockets_;  // by their inode
};

}  // namespace weft::internal

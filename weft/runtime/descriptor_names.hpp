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
/// The tables of sockets are read once, with the first socket that is asked for: one that is made
/// later is "a socket".
class DescriptorNames {
public:
    explicit DescriptorNames(int pid);

    /// Empty for what is no descriptor, or may not be looked at.
    [[nodiscard]] std::string of(int descriptor);

private:
    void read_sockets();

    std::string folder_;  // of the process in /proc
    bool has_sockets_ = false;
    std::unordered_map<std::uint64_t, std::string> sockets_;  // by their inode
};

}  // namespace weft::internal

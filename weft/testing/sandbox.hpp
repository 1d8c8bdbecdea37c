// SPDX-License-Identifier: Apache-2.0
// weft/testing/sandbox.hpp - a system that refuses a call, as containers and old kernels do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

namespace weft::testing {

/// From now on the kernel answers that call with that errno, in this thread and all that it makes:
/// threads and processes. `call` is a number such as SYS_clone3.
/// Returns: false where the kernel has no seccomp(2).
[[nodiscard]] inline bool refuse(int call, int error) {
    sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{.len = std::size(instructions), .filter = instructions};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace weft::testing

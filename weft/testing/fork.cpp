// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/fork.hpp>

#include <cerrno>

#include <stdlib.h>  // which has what sys/wait.h has of a status, too
#include <sys/types.h>
#include <sys/wait.h>

#include <weft/base/os_error.hpp>

namespace weft::testing {

int exit_code_of(pid_t child) {
    if (child < 0) throw_os_error(errno, "fork");
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw_os_error(errno, "waitpid");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace weft::testing

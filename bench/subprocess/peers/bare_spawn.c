// SPDX-License-Identifier: Apache-2.0
// The processes of the benchmarks without any library or loop, as the limit: posix_spawn() and
// waitpid(), which waits for whichever ends first; see bench/README.md for the contract.
// usage: bare_spawn [MEASURE ...]

#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double scale = 1;

static void require(int holds, const char* what) {
    if (holds) return;
    fprintf(stderr, "wrong result: %s\n", what);
    abort();
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start(void) {
    char* arguments[] = {"/bin/true", NULL};
    pid_t pid;
    require(posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) == 0, "posix_spawn");
}

static void run_many(size_t n, size_t at_once) {
    size_t started = 0;
    for (; started < at_once && started < n; ++started) start();
    for (size_t ended = 0; ended < n; ++ended) {
        int status;
        require(waitpid(-1, &status, 0) > 0 && status == 0, "the status of /bin/true");
        if (started < n) {
            ++started;
            start();
        }
    }
}

static void measure(const char* name, size_t at_once) {
    size_t n = 32;
    double took;
    double cpu;
    for (int is_warm = 0;; is_warm = 1) {
        cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        double began = seconds(CLOCK_MONOTONIC);
        run_many(n, at_once);
        took = seconds(CLOCK_MONOTONIC) - began;
        cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        if (is_warm && took >= 0.1 * scale) break;
        size_t more = (size_t)((double)n * 0.2 * scale / took);
        if (more > n) n = more;
    }
    printf("%s %.2f processes/s\n", name, (double)n / took);
    printf("%s_cpu %.2f ns\n", name, cpu * 1e9 / (double)n);
}

static int is_wanted(const char* name, int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], name) == 0) return 1;
    }
    return argc == 1;
}

int main(int argc, char** argv) {
    const char* setting = getenv("WEFT_BENCH_SCALE");
    if (setting) scale = atof(setting);
    if (is_wanted("spawn", argc, argv)) measure("spawn", 1);
    if (is_wanted("spawn_16", argc, argv)) measure("spawn_16", 16);
}

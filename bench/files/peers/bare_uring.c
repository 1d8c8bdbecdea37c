// SPDX-License-Identifier: Apache-2.0
// The reads of the benchmarks of files on io_uring without any library but liburing, as the limit;
// see bench/README.md for the contract.
// usage: bare_uring [MEASURE ...], with the file's path in WEFT_BENCH_FILE

#define _GNU_SOURCE
#include <fcntl.h>
#include <liburing.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { block_bytes = 4096, depth = 64 };

struct request {
    uint16_t block;
    char buffer[block_bytes];
};

static struct io_uring ring;
static struct request requests[depth];
static int file;
static uint16_t state = 12345;  // all blocks before any comes again, the same in every program
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

static void start(struct request* request) {
    struct io_uring_sqe* entry = io_uring_get_sqe(&ring);
    state = (uint16_t)(state * 25173 + 13849);
    request->block = state;
    io_uring_prep_read(entry, file, request->buffer, block_bytes, (uint64_t)state * block_bytes);
    io_uring_sqe_set_data(entry, request);
}

static void check(const struct request* request, int count) {
    uint64_t number;
    memcpy(&number, request->buffer, sizeof number);
    require(count == block_bytes && number == request->block, "a block of the file");
}

static void read_many(size_t n) {
    size_t started = 0;
    for (; started < depth && started < n; ++started) start(&requests[started]);
    for (size_t ended = 0; ended < n;) {
        require(io_uring_submit_and_wait(&ring, 1) >= 0, "io_uring_enter");
        struct io_uring_cqe* cqe;
        unsigned head;
        unsigned count = 0;
        io_uring_for_each_cqe(&ring, head, cqe) {
            struct request* request = io_uring_cqe_get_data(cqe);
            check(request, cqe->res);
            if (started < n) {
                ++started;
                start(request);
            }
            ++count;
        }
        io_uring_cq_advance(&ring, count);
        ended += count;
    }
}

struct timed {
    size_t reads;
    double took;  // seconds
    double cpu;
};

static struct timed timed(size_t n) {
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double began = seconds(CLOCK_MONOTONIC);
    read_many(n);
    return (struct timed){.reads = n,
                          .took = seconds(CLOCK_MONOTONIC) - began,
                          .cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

static void print(const char* name, struct timed timed) {
    printf("%s %.2f reads/s\n", name, (double)timed.reads / timed.took);
    printf("%s_cpu %.2f ns\n", name, timed.cpu * 1e9 / (double)timed.reads);
}

static void measure_read(void) {
    struct timed last = timed(2000);
    do {
        size_t more = (size_t)((double)last.reads * 0.2 * scale / last.took);
        last = timed(more > last.reads ? more : last.reads);
    } while (last.took < 0.1 * scale);
    print("read", last);
}

static void measure_cold_read(void) {
    timed(2000);
    require(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
    require(posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM) == 0, "posix_fadvise");
    print("cold_read", timed((size_t)(16384 * scale)));
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
    const char* path = getenv("WEFT_BENCH_FILE");
    require(path != NULL, "WEFT_BENCH_FILE is not set");
    file = open(path, O_RDONLY | O_CLOEXEC);
    require(file >= 0, "open");
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                                  IORING_SETUP_DEFER_TASKRUN};
    require(io_uring_queue_init_params(depth, &ring, &parameters) == 0, "io_uring_setup");
    if (is_wanted("read", argc, argv)) measure_read();
    if (is_wanted("cold_read", argc, argv)) measure_cold_read();
}

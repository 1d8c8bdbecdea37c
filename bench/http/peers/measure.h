/* SPDX-License-Identifier: Apache-2.0
 * bench/http/peers/measure.h - the loop around a peer's parser; see bench/README.md for the contract.
 *
 * A peer defines parse(): it reads one request, keeps where each name and value lies, as its users
 * do, and returns the number of headers, or 0 where it refused. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../requests.h"

struct span {
    const char* at;
    size_t size;
};

/* What callbacks find. */
struct found {
    struct span target;
    struct span names[64];
    struct span values[64];
    size_t count;
    size_t body_bytes;
    int is_complete;
};

static size_t parse(const char* text, size_t size);

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void measure(const struct bench_request* request) {
    const char* const setting = getenv("WEFT_BENCH_SCALE");
    const double wanted_ns = 100e6 * (setting ? atof(setting) : 1);
    const size_t size = strlen(request->text);
    size_t n = 1000;
    for (int is_warm = 0;; is_warm = 1) {
        const double start = now_ns();
        for (size_t i = 0; i < n; ++i) {
            if (parse(request->text, size) != request->header_count) {
                fprintf(stderr, "wrong result: %s\n", request->name);
                abort();
            }
        }
        const double elapsed = now_ns() - start;
        if (is_warm && elapsed >= wanted_ns / 2) {
            printf("%s %.2f ns\n", request->name, elapsed / (double)n);
            return;
        }
        n = (size_t)((double)n * wanted_ns / elapsed) + 1;
    }
}

int main(int argc, char** argv) {
    for (int r = 0; r < bench_request_count; ++r) {
        int is_wanted = argc == 1;
        for (int a = 1; a < argc; ++a) is_wanted |= strcmp(argv[a], bench_requests[r].name) == 0;
        if (is_wanted) measure(&bench_requests[r]);
    }
}

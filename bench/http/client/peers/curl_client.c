/* SPDX-License-Identifier: Apache-2.0
 * libcurl in the benchmarks of HTTP clients, its multi interface on epoll; see bench/README.md for
 * the contract.
 *
 * usage: curl_client PORT FOLDER [MEASURE ...] */

#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { concurrency = 100, mib = 1 << 20, url_bytes = 64, path_bytes = 4096 };
static const double measured_s_min = 0.5;

// Where the server is, and where it has left its certificate.
struct place {
    int port;
    const char* folder;
};

// As many ports behind the server's.
enum protocol { plain, over_tls, http2 };
enum into { memory, disk };

static const struct measure {
    const char* name;
    enum protocol protocol;
    size_t hosts;
    size_t body_bytes;
    size_t requests;
    const char* unit;
    enum into into;
} measures[] = {
    {"get", plain, 1, 100, 10000, "requests", memory},
    {"get_hosts", plain, 1000, 100, 10000, "requests", memory},
    {"tls_get", over_tls, 1, 100, 10000, "requests", memory},
    {"tls_get_hosts", over_tls, 1000, 100, 10000, "requests", memory},
    {"h2_get", http2, 1, 100, 10000, "requests", memory},
    {"h2_get_hosts", http2, 1000, 100, 10000, "requests", memory},
    {"bodies_1m", plain, 1, mib, 1000, "MiB", memory},
    {"body_1g", plain, 1, (size_t)1024 * mib, 1, "MiB", memory},
    {"bodies_1m_disk", plain, 1, mib, 1000, "MiB", disk},
    {"body_1g_disk", plain, 1, (size_t)1024 * mib, 1, "MiB", disk},
};
static const struct measure idle_measures[] = {
    {"idle_memory", plain, 1100, 100, 1100, "bytes", memory},
    {"tls_idle_memory", over_tls, 1100, 100, 1100, "bytes", memory},
};

static void require(int holds, const char* what) {
    if (holds) return;
    fprintf(stderr, "wrong result: %s\n", what);
    abort();
}

struct urls {
    size_t count;
    char (*texts)[url_bytes];
};

// The hosts are 127.0.0.1, 127.0.0.2 and so on.
static struct urls make_urls(const struct place* place, const struct measure* measure) {
    struct urls urls = {measure->hosts, malloc(measure->hosts * url_bytes)};
    const char* const scheme = measure->protocol == plain ? "http" : "https";
    for (size_t i = 0; i < urls.count; ++i) {
        snprintf(urls.texts[i], url_bytes, "%s://127.0.%zu.%zu:%d/bytes/%zu", scheme, i / 250,
                 i % 250 + 1, place->port + (int)measure->protocol, measure->body_bytes);
    }
    return urls;
}

struct client;

// One request at a time; the handle is used for the next one.
struct fetcher {
    struct client* client;
    CURL* easy;
    char* body;  // null where it goes to the disk
    FILE* file;  // null where it does not
    size_t size;
};

struct client {
    CURLM* multi;
    int epoll;
    long timeout_ms;
    const struct place* place;
    const struct measure* measure;
    size_t running;
    size_t files;
    struct fetcher fetchers[concurrency];
};

static size_t on_data(char* data, size_t one, size_t size, void* context) {
    struct fetcher* fetcher = context;
    (void)one;
    require(size <= fetcher->client->measure->body_bytes - fetcher->size, "a longer body");
    if (fetcher->body) {
        memcpy(fetcher->body + fetcher->size, data, size);
    } else {
        require(fwrite(data, 1, size, fetcher->file) == size, "fwrite");
    }
    fetcher->size += size;
    return size;
}

static int on_timer(CURLM* multi, long timeout_ms, void* context) {
    (void)multi;
    ((struct client*)context)->timeout_ms = timeout_ms;
    return 0;
}

// `known` is not null once epoll has the socket.
static int on_socket(CURL* easy, curl_socket_t fd, int what, void* context, void* known) {
    static int mark;
    struct client* client = context;
    (void)easy;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    require(epoll_ctl(client->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0,
            "epoll_ctl");
    curl_multi_assign(client->multi, fd, &mark);
    return 0;
}

static CURL* make_handle(struct fetcher* fetcher, const char* certificate) {
    const struct measure* const measure = fetcher->client->measure;
    CURL* const easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetcher);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, fetcher);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (measure->protocol != plain) curl_easy_setopt(easy, CURLOPT_CAINFO, certificate);
    // Else each of the first hundred would make a connection.
    if (measure->protocol == http2) curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    // Each request has one, so that a large one does not suit small bodies.
    if (measure->body_bytes >= mib) {
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)CURL_MAX_READ_SIZE);
    }
    return easy;
}

// By default four connections for each handle are kept.
static struct client* make_client(const struct place* place, const struct measure* measure) {
    struct client* client = calloc(1, sizeof *client);
    client->multi = curl_multi_init();
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    client->timeout_ms = -1;
    client->place = place;
    client->measure = measure;
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)(measure->hosts + concurrency));
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    char certificate[path_bytes];
    snprintf(certificate, sizeof certificate, "%s/ca.pem", place->folder);
    for (int i = 0; i < concurrency; ++i) {
        struct fetcher* fetcher = &client->fetchers[i];
        *fetcher = (struct fetcher){.client = client};
        fetcher->easy = make_handle(fetcher, certificate);
    }
    return client;
}

static void free_client(struct client* client) {
    for (int i = 0; i < concurrency; ++i) curl_easy_cleanup(client->fetchers[i].easy);
    curl_multi_cleanup(client->multi);
    close(client->epoll);
    free(client);
}

static FILE* make_file(struct client* client) {
    char path[path_bytes];
    snprintf(path, sizeof path, "%s/%zu", client->place->folder, client->files++);
    return fopen(path, "w");
}

static void start(struct fetcher* fetcher, const char* url) {
    struct client* const client = fetcher->client;
    fetcher->size = 0;
    if (client->measure->into == disk) {
        fetcher->file = make_file(client);
        require(fetcher->file != NULL, "fopen");
    } else {
        fetcher->body = malloc(client->measure->body_bytes);
        require(fetcher->body != NULL, "malloc");
    }
    curl_easy_setopt(fetcher->easy, CURLOPT_URL, url);
    require(curl_multi_add_handle(client->multi, fetcher->easy) == CURLM_OK, "add_handle");
    ++client->running;
}

// The one that has its response, which is checked; NULL for none.
static struct fetcher* take_done(struct client* client) {
    int left;
    CURLMsg* message = curl_multi_info_read(client->multi, &left);
    if (!message) return NULL;
    require(message->data.result == CURLE_OK, curl_easy_strerror(message->data.result));
    struct fetcher* fetcher;
    long status;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetcher);
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    require(status == 200, "the status");
    require(fetcher->size == client->measure->body_bytes, "the length of a body");
    if (fetcher->file) require(fclose(fetcher->file) == 0, "fclose");
    free(fetcher->body);
    fetcher->file = NULL;
    fetcher->body = NULL;
    curl_multi_remove_handle(client->multi, fetcher->easy);
    --client->running;
    return fetcher;
}

static void wait_and_act(struct client* client) {
    struct epoll_event events[concurrency];
    int running;
    int count = epoll_wait(client->epoll, events, concurrency, (int)client->timeout_ms);
    for (int i = 0; i < count; ++i) {
        int what = 0;
        if (events[i].events & EPOLLIN) what |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT) what |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
        curl_multi_socket_action(client->multi, events[i].data.fd, what, &running);
    }
    // That handles were added, the timer tells, too. It is set for once.
    if (count == 0 || client->timeout_ms == 0) {
        client->timeout_ms = -1;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

// `from` is where in the URLs to begin.
static void fetch_all(struct client* client, const struct urls* urls, size_t from, size_t count) {
    size_t next = 0;
    for (; next < count && next < concurrency; ++next) {
        start(&client->fetchers[next], urls->texts[(from + next) % urls->count]);
    }
    while (client->running > 0) {
        wait_and_act(client);
        struct fetcher* fetcher;
        while ((fetcher = take_done(client))) {
            if (next == count) continue;
            start(fetcher, urls->texts[(from + next++) % urls->count]);
        }
    }
}

static void fetch_in_new_client(const struct place* place, const struct measure* measure,
                                const struct urls* urls, size_t count) {
    struct client* client = make_client(place, measure);
    fetch_all(client, urls, 0, count);
    free_client(client);
}

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double scale(void) {
    const char* const setting = getenv("WEFT_BENCH_SCALE");
    return setting ? atof(setting) : 1;
}

static void run_measure(const struct place* place, const struct measure* measure) {
    const struct urls urls = make_urls(place, measure);
    size_t requests = (size_t)((double)measure->requests * scale());
    if (requests == 0) requests = 1;
    fetch_in_new_client(place, measure, &urls, (requests + 9) / 10);
    size_t fetched = 0;
    const double start = seconds_of(CLOCK_MONOTONIC);
    const double cpu_start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    while (seconds_of(CLOCK_MONOTONIC) - start < measured_s_min * scale()) {
        fetch_in_new_client(place, measure, &urls, requests);
        fetched += requests;
    }
    const double seconds = seconds_of(CLOCK_MONOTONIC) - start;
    const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    const size_t each = measure->body_bytes < mib ? 1 : measure->body_bytes / mib;
    const double units = (double)(fetched * each);
    printf("%s %.2f %s/s\n", measure->name, units / seconds, measure->unit);
    printf("%s_cpu %.3f us\n", measure->name, cpu / units * 1e6);
    printf("%s_busy %.1f %%\n", measure->name, cpu / seconds * 100);
    free(urls.texts);
}

static double resident_bytes(void) {
    double size = 0, resident = 0;
    FILE* file = fopen("/proc/self/statm", "r");
    require(file && fscanf(file, "%lf %lf", &size, &resident) == 2, "statm");
    fclose(file);
    return resident * (double)sysconf(_SC_PAGESIZE);
}

// The first hundred take with them what a client has but once.
static void idle_memory(const struct place* place, const struct measure* measure) {
    const size_t first = 100, measured = measure->requests - first;
    const struct urls urls = make_urls(place, measure);
    struct client* client = make_client(place, measure);
    fetch_all(client, &urls, 0, first);
    const double before = resident_bytes();
    fetch_all(client, &urls, first, measured);
    printf("%s %.0f bytes\n", measure->name, (resident_bytes() - before) / (double)measured);
    free_client(client);
    free(urls.texts);
}

static int is_wanted(const char* name, char** wanted) {
    if (!*wanted) return 1;
    while (*wanted && strcmp(*wanted, name) != 0) ++wanted;
    return *wanted != NULL;
}

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const struct place place = {atoi(argv[1]), argv[2]};
    char** const wanted = argv + 3;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (size_t i = 0; i < sizeof measures / sizeof *measures; ++i) {
        if (is_wanted(measures[i].name, wanted)) run_measure(&place, &measures[i]);
    }
    for (size_t i = 0; i < sizeof idle_measures / sizeof *idle_measures; ++i) {
        if (is_wanted(idle_measures[i].name, wanted)) idle_memory(&place, &idle_measures[i]);
    }
}

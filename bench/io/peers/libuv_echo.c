// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on libuv; see bench/README.md for the contract.
//
// All connections read into one buffer, and what is read is sent before the next one reads: only
// what the system does not take at once, or is to wait, is copied.
// usage: libuv_echo PORT

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { buffer_bytes = 64 * 1024, slow_ms = 10 };

static char buffer[buffer_bytes];

// What is still to be sent, later: `request` when the system has room, `timer` when time has come.
struct delayed {
    uv_write_t request;
    uv_timer_t timer;
    uv_stream_t* stream;
    unsigned size;
    char bytes[];
};

static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buf);

static void on_close(uv_handle_t* handle) { free(handle); }

static void on_delayed_close(uv_handle_t* timer) { free(timer->data); }

static void lend_buffer(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(buffer, buffer_bytes);
}

static struct delayed* delay(uv_stream_t* stream, const char* bytes, size_t size) {
    struct delayed* delayed = malloc(sizeof *delayed + size);
    if (!delayed) abort();
    delayed->stream = stream;
    delayed->size = (unsigned)size;
    delayed->request.data = delayed;
    delayed->timer.data = delayed;
    memcpy(delayed->bytes, bytes, size);
    uv_read_stop(stream);
    return delayed;
}

static void on_written(uv_write_t* request, int status) {
    struct delayed* delayed = request->data;
    if (status < 0) {
        if (!uv_is_closing((uv_handle_t*)delayed->stream)) {
            uv_close((uv_handle_t*)delayed->stream, on_close);
        }
    } else {
        uv_read_start(delayed->stream, lend_buffer, on_read);
    }
    free(delayed);
}

static void answer(uv_stream_t* stream, char* bytes, size_t size) {
    uv_buf_t out = uv_buf_init(bytes, (unsigned)size);
    int sent = uv_try_write(stream, &out, 1);
    if (sent == (int)size) return;
    if (sent < 0) sent = 0;
    struct delayed* rest = delay(stream, bytes + sent, size - (size_t)sent);
    out = uv_buf_init(rest->bytes, rest->size);
    uv_write(&rest->request, stream, &out, 1, on_written);
}

static void on_time(uv_timer_t* timer) {
    struct delayed* delayed = timer->data;
    uv_read_start(delayed->stream, lend_buffer, on_read);
    answer(delayed->stream, delayed->bytes, delayed->size);
    uv_close((uv_handle_t*)timer, on_delayed_close);
}

static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buf) {
    if (count < 0) {
        uv_close((uv_handle_t*)stream, on_close);
    } else if (count > 0 && buf->base[0] == 'S') {
        struct delayed* delayed = delay(stream, buf->base, (size_t)count);
        uv_timer_init(stream->loop, &delayed->timer);
        uv_timer_start(&delayed->timer, on_time, slow_ms, 0);
    } else if (count > 0) {
        answer(stream, buf->base, (size_t)count);
    }
}

static void on_connection(uv_stream_t* listener, int status) {
    if (status < 0) return;
    uv_tcp_t* client = malloc(sizeof *client);
    if (!client) abort();
    uv_tcp_init(listener->loop, client);
    if (uv_accept(listener, (uv_stream_t*)client) != 0) {
        uv_close((uv_handle_t*)client, on_close);
        return;
    }
    uv_tcp_nodelay(client, 1);
    uv_read_start((uv_stream_t*)client, lend_buffer, on_read);
}

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    uv_loop_t* loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    uv_tcp_init(loop, &listener);
    if (uv_tcp_bind(&listener, (const struct sockaddr*)&address, 0) != 0) return 1;
    if (uv_listen((uv_stream_t*)&listener, 1024, on_connection) != 0) return 1;
    return uv_run(loop, UV_RUN_DEFAULT);
}

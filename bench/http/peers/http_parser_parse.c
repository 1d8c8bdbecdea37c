/* SPDX-License-Identifier: Apache-2.0
 * http-parser, which Node used before llhttp. */
#include "http_parser.h"
#include "measure.h"

static int on_url(http_parser* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    found->target = (struct span){at, size};
    return 0;
}
static int on_name(http_parser* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    found->names[found->count] = (struct span){at, size};
    return 0;
}
static int on_value(http_parser* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    found->values[found->count++] = (struct span){at, size};
    return 0;
}
static int on_body(http_parser* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    (void)at;
    found->body_bytes += size;
    return 0;
}
static int on_message_complete(http_parser* parser) {
    struct found* const found = parser->data;
    found->is_complete = 1;
    return 0;
}

static size_t parse(const char* text, size_t size) {
    static const http_parser_settings settings = {
        .on_url = on_url,
        .on_header_field = on_name,
        .on_header_value = on_value,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };
    static http_parser parser;
    static int is_begun;
    static struct found found;
    if (!is_begun) http_parser_init(&parser, HTTP_REQUEST);
    is_begun = 1;
    found.count = 0;
    found.is_complete = 0;
    parser.data = &found;
    if (http_parser_execute(&parser, &settings, text, size) != size || !found.is_complete) return 0;
    return found.count;
}

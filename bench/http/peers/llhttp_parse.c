/* SPDX-License-Identifier: Apache-2.0
 * llhttp, as Node uses it. */
#include "llhttp.h"
#include "measure.h"

static int on_url(llhttp_t* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    found->target = (struct span){at, size};
    return 0;
}
static int on_name(llhttp_t* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    found->names[found->count] = (struct span){at, size};
    return 0;
}
static int on_value(llhttp_t* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    found->values[found->count] = (struct span){at, size};
    return 0;
}
static int on_value_complete(llhttp_t* parser) {
    struct found* const found = parser->data;
    ++found->count;
    return 0;
}
static int on_body(llhttp_t* parser, const char* at, size_t size) {
    struct found* const found = parser->data;
    (void)at;
    found->body_bytes += size;
    return 0;
}
static int on_message_complete(llhttp_t* parser) {
    struct found* const found = parser->data;
    found->is_complete = 1;
    return 0;
}

static size_t parse(const char* text, size_t size) {
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_name,
        .on_header_value = on_value,
        .on_header_value_complete = on_value_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };
    static llhttp_t parser;
    static int is_begun;
    static struct found found;
    if (!is_begun) llhttp_init(&parser, HTTP_REQUEST, &settings);
    is_begun = 1;
    found.count = 0;
    found.is_complete = 0;
    parser.data = &found;
    if (llhttp_execute(&parser, text, size) != HPE_OK || !found.is_complete) return 0;
    return found.count;
}

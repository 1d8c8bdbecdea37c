/* SPDX-License-Identifier: Apache-2.0
 * bench/http/requests.h - requests as browsers send them, for programs in C and in C++.
 *
 * Written for this benchmark: the headers, their order and their lengths are those of Chrome,
 * Firefox and Safari; names, cookies and tokens are invented. */
#pragma once

#include <stddef.h>

struct bench_request {
    const char* name;
    const char* text;
    size_t header_count;
};

#define WEFT_CHROME_UA                                                           \
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "  \
    "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\n"
#define WEFT_CHROME_HINTS                                                                         \
    "sec-ch-ua: \"Google Chrome\";v=\"131\", \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\n" \
    "sec-ch-ua-mobile: ?0\r\n"                                                                    \
    "sec-ch-ua-platform: \"Windows\"\r\n"
#define WEFT_COOKIES                                                                             \
    "Cookie: session=Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg; theme=dark; "                        \
    "_analytics=AN1.2.1734012345.1734098765; consent=necessary%2Cstatistics; csrftoken="          \
    "q8Xv2mT7bLr5Yc1Zs0Kd9Wf3Hj6Np4Ga; locale=de-DE\r\n"

static const struct bench_request bench_requests[] = {
    {"chrome_page",
     "GET /products/coffee-makers?page=2&sort=price_asc&utm_source=newsletter HTTP/1.1\r\n"
     "Host: shop.example.com\r\n"
     "Connection: keep-alive\r\n"
     "Cache-Control: max-age=0\r\n" WEFT_CHROME_HINTS
     "Upgrade-Insecure-Requests: 1\r\n" WEFT_CHROME_UA
     "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
     "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n"
     "Sec-Fetch-Site: same-origin\r\n"
     "Sec-Fetch-Mode: navigate\r\n"
     "Sec-Fetch-User: ?1\r\n"
     "Sec-Fetch-Dest: document\r\n"
     "Referer: https://shop.example.com/products/coffee-makers?page=1&sort=price_asc\r\n"
     "Accept-Encoding: gzip, deflate, br, zstd\r\n"
     "Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7\r\n" WEFT_COOKIES "\r\n",
     17},
    {"chrome_image",
     "GET /static/img/coffee-maker-480w.3f9a1c.webp HTTP/1.1\r\n"
     "Host: cdn.example.com\r\n"
     "Connection: keep-alive\r\n" WEFT_CHROME_HINTS WEFT_CHROME_UA
     "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8\r\n"
     "Sec-Fetch-Site: same-site\r\n"
     "Sec-Fetch-Mode: no-cors\r\n"
     "Sec-Fetch-Dest: image\r\n"
     "Referer: https://shop.example.com/\r\n"
     "Accept-Encoding: gzip, deflate, br, zstd\r\n"
     "Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7\r\n"
     "\r\n",
     13},
    {"chrome_fetch",
     "POST /api/v2/cart/items HTTP/1.1\r\n"
     "Host: shop.example.com\r\n"
     "Connection: keep-alive\r\n"
     "Content-Length: 60\r\n" WEFT_CHROME_HINTS
     "X-Requested-With: XMLHttpRequest\r\n" WEFT_CHROME_UA
     "Accept: application/json, text/plain, */*\r\n"
     "Content-Type: application/json\r\n"
     "X-CSRF-Token: q8Xv2mT7bLr5Yc1Zs0Kd9Wf3Hj6Np4Ga\r\n"
     "Origin: https://shop.example.com\r\n"
     "Sec-Fetch-Site: same-origin\r\n"
     "Sec-Fetch-Mode: cors\r\n"
     "Sec-Fetch-Dest: empty\r\n"
     "Referer: https://shop.example.com/products/coffee-makers?page=2\r\n"
     "Accept-Encoding: gzip, deflate, br, zstd\r\n"
     "Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7\r\n" WEFT_COOKIES "\r\n"
     "{\"product\":48213,\"quantity\":1,\"colour\":\"black\",\"gift\":false}",
     19},
    {"firefox_page",
     "GET /news/2025/03/a-quiet-week-in-the-harbour HTTP/1.1\r\n"
     "Host: www.example.org\r\n"
     "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0\r\n"
     "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
     "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
     "Accept-Encoding: gzip, deflate, br, zstd\r\n"
     "DNT: 1\r\n"
     "Sec-GPC: 1\r\n"
     "Connection: keep-alive\r\n"
     "Cookie: _pk_id.7.1fff=8a3bc1d29e0f4567.1733990000.; visited=1\r\n"
     "Upgrade-Insecure-Requests: 1\r\n"
     "Sec-Fetch-Dest: document\r\n"
     "Sec-Fetch-Mode: navigate\r\n"
     "Sec-Fetch-Site: none\r\n"
     "Sec-Fetch-User: ?1\r\n"
     "Priority: u=0, i\r\n"
     "\r\n",
     15},
    {"firefox_form",
     "POST /account/sign-in HTTP/1.1\r\n"
     "Host: www.example.org\r\n"
     "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0\r\n"
     "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
     "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
     "Accept-Encoding: gzip, deflate, br, zstd\r\n"
     "Content-Type: application/x-www-form-urlencoded\r\n"
     "Content-Length: 55\r\n"
     "Origin: https://www.example.org\r\n"
     "Connection: keep-alive\r\n"
     "Referer: https://www.example.org/account/sign-in\r\n"
     "Upgrade-Insecure-Requests: 1\r\n"
     "Sec-Fetch-Dest: document\r\n"
     "Sec-Fetch-Mode: navigate\r\n"
     "Sec-Fetch-Site: same-origin\r\n"
     "Sec-Fetch-User: ?1\r\n"
     "Priority: u=0, i\r\n"
     "\r\n"
     "user=jo%40example.org&password=correct+horse&remember=1",
     16},
    {"safari_fetch",
     "GET /api/v1/users/me/notifications?unread=true&limit=20 HTTP/1.1\r\n"
     "Host: api.example.net\r\n"
     "Accept: application/json\r\n"
     "Authorization: Bearer eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0ODIxMyIsImlhdCI6MTcz"
     "NDAxMjM0NSwiZXhwIjoxNzM0MDE1OTQ1LCJzY29wZSI6InJlYWQifQ.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9v"
     "YmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4\r\n"
     "Sec-Fetch-Site: cross-site\r\n"
     "Accept-Language: fr-FR,fr;q=0.9\r\n"
     "Accept-Encoding: gzip, deflate, br\r\n"
     "Sec-Fetch-Mode: cors\r\n"
     "Origin: https://app.example.com\r\n"
     "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
     "(KHTML, like Gecko) Version/18.1 Safari/605.1.15\r\n"
     "Referer: https://app.example.com/\r\n"
     "Connection: keep-alive\r\n"
     "Sec-Fetch-Dest: empty\r\n"
     "\r\n",
     12},
};

enum { bench_request_count = sizeof bench_requests / sizeof bench_requests[0] };

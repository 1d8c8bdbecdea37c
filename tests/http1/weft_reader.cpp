// SPDX-License-Identifier: Apache-2.0
// Reads lines `request HEX` and `response HEX`, and writes what weft's parsers find in the bytes, one
// line of JSON each; node_reader.js does the same with Node's.
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace {

using namespace weft::http;
using namespace weft::http::wire;

std::string hex(std::string_view bytes) {
    std::string out = "\"";
    for (const char c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out + "\"";
}

weft::Bytes from_hex(std::string_view text) {
    weft::Bytes out;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
    }
    return out;
}

std::string text_of(const Headers& headers) {
    std::string out = "[";
    for (const auto& [name, value] : headers) {
        if (out.size() > 1) out += ",";
        out += hex(name) + "," + hex(value);
    }
    return out + "]";
}
std::string start_of(const RequestHead& head) {
    return std::string(head.method.name()) + " " + head.target;
}
std::string start_of(const ResponseHead& head) {
    return std::to_string(head.status) + " " + head.reason;
}

template <class Parser>
std::string read_all(Parser& parser, weft::BytesView data) {
    std::string messages;
    std::string body;
    std::string outcome = "\"more\"";
    const auto close_message = [&](bool is_complete) {
        messages +=
            ",\"body\":" + hex(body) + ",\"complete\":" + (is_complete ? "true}" : "false}");
        body.clear();
    };
    bool is_open = false;
    for (;;) {
        const auto step = parser.next(data);
        if (!step) {
            outcome = "\"error\",\"problem\":\"" +
                      std::to_string(static_cast<int>(step.error().problem)) +
                      "\",\"text\":" + hex(describe(step.error()));
            break;
        }
        data.remove_prefix(step->used);
        if (step->event == Event::need_data) break;
        if (step->event == Event::body) body += step->body;
        if (step->event == Event::head || step->event == Event::informational) {
            messages += std::string(messages.empty() ? "" : ",") +
                        "{\"start\":" + hex(start_of(parser.head())) +
                        ",\"headers\":" + text_of(parser.head().headers);
            is_open = true;
            if (step->event == Event::informational) close_message(true), is_open = false;
        }
        if (step->event != Event::end) continue;
        close_message(true);
        is_open = false;
        if (!parser.keep_alive() || parser.upgrade()) {
            outcome = "\"stopped\"";
            break;
        }
        if constexpr (std::same_as<Parser, RequestParser>) {
            if (parser.head().method == Method::connect) {
                outcome = "\"stopped\"";
                break;
            }
            parser.start_next();
        } else {
            parser.start_next(Method::get);
        }
    }
    if (is_open) close_message(false);
    return "{\"messages\":[" + messages + "],\"outcome\":" + outcome + "}";
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        const std::size_t space = line.find(' ');
        const weft::Bytes data = from_hex(std::string_view(line).substr(space + 1));
        if (line.starts_with("request")) {
            RequestParser parser;
            std::puts(read_all(parser, data).c_str());
        } else {
            ResponseParser parser;
            std::puts(read_all(parser, data).c_str());
        }
    }
}

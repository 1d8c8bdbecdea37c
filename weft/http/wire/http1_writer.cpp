// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http1_writer.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {
namespace {

constexpr BytesView line_break = "\r\n";
constexpr BytesView colon = ": ";

BytesView text_of(HttpVersion version) {
    if (version == http_1_1) return "HTTP/1.1";
    if (version == http_1_0) return "HTTP/1.0";
    throw ValueError("HTTP/" + std::to_string(version.major) + "." + std::to_string(version.minor) +
                     " is not written as text");
}

std::size_t bytes_of(const Headers& headers) {
    std::size_t bytes = line_break.size();
    for (const auto& [name, value] : headers) {
        bytes += name.size() + colon.size() + value.size() + line_break.size();
    }
    return bytes;
}

char* copy(char* to, BytesView text) { return std::ranges::copy(text, to).out; }

char* copy(char* to, const Headers& headers) {
    for (const auto& [name, value] : headers) {
        to = copy(copy(copy(copy(to, name), colon), value), line_break);
    }
    return copy(to, line_break);
}

// Appends the parts of a first line and the headers behind them.
void append(Bytes& out, std::initializer_list<BytesView> first_line, const Headers& headers) {
    const std::size_t before = out.size();
    std::size_t bytes = before + bytes_of(headers);
    for (const BytesView part : first_line) bytes += part.size();
    if (bytes > out.capacity()) out.reserve(std::max(bytes, 2 * out.capacity()));
    out.resize_and_overwrite(bytes, [&](char* buffer, std::size_t size) {
        char* to = buffer + before;
        for (const BytesView part : first_line) to = copy(to, part);
        copy(to, headers);
        return size;
    });
}

void append_request(Bytes& out, const Method& method, BytesView target, BytesView version,
                    const Headers& headers) {
    const std::size_t bad = target_prefix(target);
    if (target.empty()) throw ValueError("the target of a request must not be empty");
    if (bad < target.size()) {
        // The target may hold a secret: only what is wrong with it is told.
        throw ValueError("the target of a request holds " + in_quotes(target.substr(bad, 1)) +
                         " at position " + std::to_string(bad) +
                         ": visible ASCII without # was expected");
    }
    append(out, {method.name(), " ", target, " ", version, line_break}, headers);
}

}  // namespace

void write_head(Bytes& out, const RequestHead& head) {
    append_request(out, head.method, head.target, text_of(head.version), head.headers);
}

void write_head(Bytes& out, const Method& method, BytesView target, const Headers& headers) {
    append_request(out, method, target, text_of(http_1_1), headers);
}

void write_head(Bytes& out, const ResponseHead& head) {
    if (head.status < 100 || head.status > 999) {
        throw ValueError(std::to_string(head.status) +
                         " is not the status of a response: three digits were expected");
    }
    if (const std::size_t bad = value_prefix(head.reason); bad < head.reason.size()) {
        throw ValueError("the reason phrase " + in_quotes(head.reason) +
                         " holds a control byte at position " + std::to_string(bad));
    }
    const std::array<char, 4> status = {static_cast<char>('0' + head.status / 100),
                                        static_cast<char>('0' + head.status / 10 % 10),
                                        static_cast<char>('0' + head.status % 10), ' '};
    append(out,
           {text_of(head.version), " ", {status.data(), status.size()}, head.reason, line_break},
           head.headers);
}

void write_chunk_begin(Bytes& out, std::size_t size) {
    check(size > 0, "a chunk without data would end the body");
    std::array<char, 2 * sizeof size> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    out.append(digits.data(), end).append(line_break);
}

void write_chunk(Bytes& out, BytesView data) {
    if (data.empty()) return;
    write_chunk_begin(out, data.size());
    out.append(data).append(chunk_end);
}

void write_last_chunk(Bytes& out, const Headers& trailers) {
    internal::FieldNotes notes;
    notes.begin_trailers();
    for (const auto& [name, value] : trailers) {
        if (notes.note(name, value)) throw ValueError(in_quotes(name) + " must not be a trailer");
    }
    append(out, {"0", line_break}, trailers);
}

}  // namespace weft::http::wire

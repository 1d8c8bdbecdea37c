// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/event_writer.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/internal/scan.hpp>

namespace weft::http::wire {
namespace {

void judge(std::string_view name, std::string_view value) {
    if (value.find_first_of("\r\n") == std::string_view::npos) return;
    throw ValueError("the " + std::string(name) + " " + in_quotes(value) +
                     " of an event holds a line break");
}

void append_line(Bytes& out, BytesView name, BytesView value) {
    out.append(name).append(value).append("\n");
}

// Each line of the text; the last one ends where the text does.
void append_lines(Bytes& out, BytesView name, BytesView text) {
    for (;;) {
        const char* const end = text.data() + text.size();
        const char* const found = internal::skip_line(text.data(), end);
        const auto size = static_cast<std::size_t>(found - text.data());
        append_line(out, name, text.substr(0, size));
        if (found == end) return;
        text.remove_prefix(text.substr(size).starts_with("\r\n") ? size + 2 : size + 1);
    }
}

}  // namespace

void write_event(Bytes& out, const ServerSentEvent& event) {
    judge("type", event.event);
    if (event.event.empty()) throw ValueError("the type of an event must not be empty");
    if (event.id) {
        judge("id", *event.id);
        if (event.id->contains('\0')) throw ValueError("the id of an event holds a null byte");
    }
    if (event.retry && event.retry->count() < 0) {
        throw ValueError("the retry of an event must not be negative");
    }
    if (event.event != "message") append_line(out, "event: ", event.event);
    append_lines(out, "data: ", event.data);
    if (event.id) append_line(out, "id: ", *event.id);
    if (event.retry) append_line(out, "retry: ", std::to_string(event.retry->count()));
    out += '\n';
}

void write_comment(Bytes& out, std::string_view text) {
    append_lines(out, ": ", text);
    out += '\n';
}

}  // namespace weft::http::wire

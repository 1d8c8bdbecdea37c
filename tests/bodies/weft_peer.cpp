// SPDX-License-Identifier: Apache-2.0
// Answers lines of words, of which all but the first are in hexadecimal, with lines of such words or
// with `!` and what was wrong. See python_test.py.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/compressor.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_error.hpp>
#include <weft/http/body/multipart_parser.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/content_disposition.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/http_date.hpp>

namespace {

using namespace weft::http;
using weft::Bytes;
using weft::BytesView;
using Words = std::vector<Bytes>;

Bytes from_hex(std::string_view text) {
    Bytes out;
    for (std::size_t at = 1; at + 1 < text.size(); at += 2) {  // behind a dash: a word may be empty
        out += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
    }
    return out;
}
std::string hex(BytesView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "-";
    for (const char c : bytes) {
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

template <class Error>
[[noreturn]] void refuse(const Error& error) {
    throw weft::ValueError(describe(error));
}

Words decompress(const Words& words) {
    Decompressor decompressor(find_content_coding(words.at(0)).value());
    BytesView data = words.at(1);
    Bytes content;
    for (;;) {
        const auto piece = decompressor.decompress(data, 100);
        if (!piece) refuse(piece.error());
        if (piece->empty()) break;
        content += *piece;
    }
    if (const auto done = decompressor.finish(); !done) refuse(done.error());
    return {content};
}

// Pieces that follow the first one are flushed first.
Words compress(const Words& words) {
    Compressor compressor(find_content_coding(words.at(0)).value(),
                          {.level = std::stoi(words.at(1))});
    Bytes data;
    for (std::size_t index = 2; index < words.size(); ++index) {
        if (index > 2) compressor.flush(data);
        compressor.compress(data, words[index]);
    }
    compressor.finish(data);
    return {data};
}

// NAME FILENAME CONTENT, again and again; an empty FILENAME is none.
Words form(const Words& words) {
    MultipartWriter writer("a-boundary");
    Bytes body;
    for (std::size_t index = 0; index + 2 < words.size(); index += 3) {
        FormField field{.name = words[index], .filename = {}, .content_type = {}};
        if (!words[index + 1].empty()) field.filename = words[index + 1];
        writer.begin_part(body, write_form_field(field));
        body += words[index + 2];
    }
    writer.finish(body);
    return {writer.content_type(), body};
}

// Gives NAME FILENAME CONTENT of each part.
Words parts(const Words& words) {
    MultipartParser parser(words.at(0));
    BytesView body = words.at(1);
    Words found;
    for (;;) {
        const auto step = parser.next(body);
        if (!step) refuse(step.error());
        body.remove_prefix(step->used);
        if (step->event == MultipartEvent::part) {
            const auto field = read_form_field(parser.headers());
            if (!field) refuse(field.error());
            found.insert(found.end(), {field->name, field->filename.value_or(""), ""});
        }
        if (step->event == MultipartEvent::content) found.back() += step->content;
        if (step->event == MultipartEvent::end) return found;
        if (step->event == MultipartEvent::need_data) refuse(parser.finish().error());
    }
}

Words date(const Words& words) {
    const auto time = parse_http_date(words.at(0));
    if (!time) refuse(time.error());
    return {std::to_string(time->time_since_epoch().count()), format_http_date(*time)};
}

Words filename(const Words& words) {
    const std::string written = content_disposition("attachment", words.at(0));
    return {written, ContentDisposition::parse(written)->filename().value()};
}

Words answer(const std::string& what, const Words& words) {
    if (what == "decompress") return decompress(words);
    if (what == "compress") return compress(words);
    if (what == "form") return form(words);
    if (what == "parts") return parts(words);
    if (what == "date") return date(words);
    if (what == "filename") return filename(words);
    throw weft::ValueError("no such question");
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        std::string what;
        in >> what;
        Words words;
        for (std::string word; in >> word;) words.push_back(from_hex(word));
        std::string out;
        try {
            for (const Bytes& word : answer(what, words)) out += hex(word) + " ";
        } catch (const std::exception& error) {
            out = std::string("! ") + error.what();
        }
        std::puts(out.c_str());
    }
}

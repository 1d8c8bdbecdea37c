// SPDX-License-Identifier: Apache-2.0
// RapidJSON, whose users take values out of its document and write events, by hand.
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#define RAPIDJSON_SSE2
#include "../measure.hpp"
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace {

using In = rapidjson::Value;
using Out = rapidjson::Writer<rapidjson::StringBuffer>;

const In& field(const In& in, const char* name) {
    const auto found = in.FindMember(name);
    if (found == in.MemberEnd()) throw std::runtime_error(name);
    return found->value;
}

void take(const In& in, bool& out) {
    if (!in.IsBool()) throw std::runtime_error("bool");
    out = in.GetBool();
}
void take(const In& in, int& out) {
    if (!in.IsInt()) throw std::runtime_error("int");
    out = in.GetInt();
}
void take(const In& in, std::int64_t& out) {
    if (!in.IsInt64()) throw std::runtime_error("int64");
    out = in.GetInt64();
}
void take(const In& in, double& out) {
    if (!in.IsNumber()) throw std::runtime_error("number");
    out = in.GetDouble();
}
void take(const In& in, std::string& out) {
    if (!in.IsString()) throw std::runtime_error("string");
    out.assign(in.GetString(), in.GetStringLength());
}
template <class T>
void take(const In& in, std::optional<T>& out) {
    if (in.IsNull()) return out.reset();
    take(in, out.emplace());
}
void take(const In& in, bench::Line& out) {
    take(field(in, "sku"), out.sku);
    take(field(in, "quantity"), out.quantity);
    take(field(in, "price"), out.price);
}
void take(const In& in, bench::Order& out);
void take(const In& in, bench::Post& out);
void take(const In& in, bench::Point& out);
template <class T>
void take(const In& in, std::vector<T>& out) {
    if (!in.IsArray()) throw std::runtime_error("array");
    out.reserve(in.Size());
    for (const In& item : in.GetArray()) take(item, out.emplace_back());
}
void take(const In& in, bench::Order& out) {
    take(field(in, "id"), out.id);
    take(field(in, "customer"), out.customer);
    take(field(in, "email"), out.email);
    take(field(in, "express"), out.express);
    take(field(in, "total"), out.total);
    take(field(in, "currency"), out.currency);
    take(field(in, "note"), out.note);
    take(field(in, "items"), out.items);
    take(field(in, "tags"), out.tags);
}
void take(const In& in, bench::Post& out) {
    take(field(in, "id"), out.id);
    take(field(in, "author"), out.author);
    take(field(in, "title"), out.title);
    take(field(in, "body"), out.body);
    take(field(in, "likes"), out.likes);
    take(field(in, "replies"), out.replies);
}
void take(const In& in, bench::Point& out) {
    take(field(in, "lat"), out.lat);
    take(field(in, "lon"), out.lon);
    take(field(in, "ele"), out.ele);
    take(field(in, "time"), out.time);
}
void take(const In& in, bench::Track& out) {
    take(field(in, "name"), out.name);
    take(field(in, "points"), out.points);
}
void take(const In& in, bench::Embedding& out) {
    take(field(in, "model"), out.model);
    take(field(in, "index"), out.index);
    take(field(in, "vector"), out.vector);
}

template <class T>
void put(Out& out, const std::vector<T>& values);
void put(Out& out, const bench::Order& value);
void put(Out& out, const bench::Post& value);
void put(Out& out, const bench::Point& value);

void put(Out& out, bool value) { out.Bool(value); }
void put(Out& out, int value) { out.Int(value); }
void put(Out& out, std::int64_t value) { out.Int64(value); }
void put(Out& out, double value) { out.Double(value); }
void put(Out& out, const std::string& value) {
    out.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}
template <class T>
void put(Out& out, const std::optional<T>& value) {
    if (value) return put(out, *value);
    out.Null();
}
template <class T>
void put_field(Out& out, const char* name, const T& value) {
    out.Key(name);
    put(out, value);
}
void put(Out& out, const bench::Line& value) {
    out.StartObject();
    put_field(out, "sku", value.sku);
    put_field(out, "quantity", value.quantity);
    put_field(out, "price", value.price);
    out.EndObject();
}
template <class T>
void put(Out& out, const std::vector<T>& values) {
    out.StartArray();
    for (const T& value : values) put(out, value);
    out.EndArray();
}
void put(Out& out, const bench::Order& value) {
    out.StartObject();
    put_field(out, "id", value.id);
    put_field(out, "customer", value.customer);
    put_field(out, "email", value.email);
    put_field(out, "express", value.express);
    put_field(out, "total", value.total);
    put_field(out, "currency", value.currency);
    put_field(out, "note", value.note);
    put_field(out, "items", value.items);
    put_field(out, "tags", value.tags);
    out.EndObject();
}
void put(Out& out, const bench::Post& value) {
    out.StartObject();
    put_field(out, "id", value.id);
    put_field(out, "author", value.author);
    put_field(out, "title", value.title);
    put_field(out, "body", value.body);
    put_field(out, "likes", value.likes);
    put_field(out, "replies", value.replies);
    out.EndObject();
}
void put(Out& out, const bench::Point& value) {
    out.StartObject();
    put_field(out, "lat", value.lat);
    put_field(out, "lon", value.lon);
    put_field(out, "ele", value.ele);
    put_field(out, "time", value.time);
    out.EndObject();
}
void put(Out& out, const bench::Track& value) {
    out.StartObject();
    put_field(out, "name", value.name);
    put_field(out, "points", value.points);
    out.EndObject();
}
void put(Out& out, const bench::Embedding& value) {
    out.StartObject();
    put_field(out, "model", value.model);
    put_field(out, "index", value.index);
    put_field(out, "vector", value.vector);
    out.EndObject();
}

struct RapidJSON {
    template <class T>
    static T read(const std::string& text) {
        // All that weft does as well: UTF-8 is checked, doubles are exact.
        constexpr unsigned flags =
            rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag;
        rapidjson::Document document;
        document.Parse<flags>(text.data(), text.size());
        if (document.HasParseError()) throw std::runtime_error("parse error");
        T value{};
        take(document, value);
        return value;
    }
    template <class T>
    static std::string write(const T& value) {
        rapidjson::StringBuffer buffer;
        Out out(buffer);
        put(out, value);
        return {buffer.GetString(), buffer.GetSize()};
    }
};

}  // namespace

int main(int argc, char** argv) { bench::measure_all<RapidJSON>(argc, argv); }

// SPDX-License-Identifier: Apache-2.0
// nlohmann's JSON for Modern C++, through the conversions that its macro makes.
#include <optional>
#include <string>

#include "../measure.hpp"
#include <nlohmann/json.hpp>

namespace nlohmann {
template <class T>
struct adl_serializer<std::optional<T>> {
    static void to_json(json& out, const std::optional<T>& value) {
        out = value ? json(*value) : json(nullptr);
    }
    static void from_json(const json& in, std::optional<T>& value) {
        if (in.is_null()) {
            value.reset();
        } else {
            value = in.get<T>();
        }
    }
};
}  // namespace nlohmann

namespace bench {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Line, sku, quantity, price)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, id, customer, email, express, total, currency, note,
                                   items, tags)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Post, id, author, title, body, likes, replies)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Point, lat, lon, ele, time)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Track, name, points)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Embedding, model, index, vector)
}  // namespace bench

struct Nlohmann {
    template <class T>
    static T read(const std::string& text) {
        return nlohmann::json::parse(text).get<T>();
    }
    template <class T>
    static std::string write(const T& value) {
        return nlohmann::json(value).dump();
    }
};

int main(int argc, char** argv) { bench::measure_all<Nlohmann>(argc, argv); }

// SPDX-License-Identifier: Apache-2.0
// bench/json/models.hpp - what the documents are, for the programs in C++.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct Line {
    std::string sku;
    int quantity;
    double price;
};
struct Order {
    std::int64_t id;
    std::string customer;
    std::string email;
    bool express;
    double total;
    std::string currency;
    std::optional<std::string> note;
    std::vector<Line> items;
    std::vector<std::string> tags;
};

struct Post {
    std::int64_t id;
    std::string author;
    std::string title;
    std::string body;
    int likes;
    std::vector<std::int64_t> replies;
};

struct Point {
    double lat;
    double lon;
    double ele;
    std::int64_t time;
};
struct Track {
    std::string name;
    std::vector<Point> points;
};

struct Embedding {
    std::string model;
    int index;
    std::vector<double> vector;
};

}  // namespace bench

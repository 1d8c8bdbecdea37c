// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/coding_error.hpp>

#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// What is said of the coding.
std::string_view text_of(CodingProblem problem) noexcept {
    using enum CodingProblem;
    switch (problem) {
        case unknown_coding:
            return "is no content coding known here: identity, gzip, deflate, br, zstd are";
        case too_many_codings:
            return "is one content coding more than codings_max";
        case corrupt:
            return "data is corrupt";
        case cut_off:
            return "data ends before its end is marked";
        case trailing_data:
            return "data is followed by bytes that do not belong to it";
        case too_large:
            return "data becomes more than bytes_max";
        case ratio_exceeded:
            return "data becomes more than ratio_max times its size";
        case too_many_members:
            return "data has more members than members_max";
        case window_too_large:
            return "data needs a window of more than 8 MiB";
    }
    return "";
}

}  // namespace

std::string describe(const CodingError& error) {
    std::string out = in_quotes(error.culprit) + " ";
    out += text_of(error.problem);
    if (!error.reason.empty()) out.append(": ").append(error.reason);
    return out;
}

int status_for(CodingProblem problem) noexcept {
    using enum CodingProblem;
    switch (problem) {
        case unknown_coding:
        case too_many_codings:
            return 415;
        case too_large:
        case ratio_exceeded:
        case too_many_members:
        case window_too_large:
            return 413;
        case corrupt:
        case cut_off:
        case trailing_data:
            return 400;
    }
    return 400;
}

}  // namespace weft::http

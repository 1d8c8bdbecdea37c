// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/multipart_writer.hpp>

#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/internal/boundary.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

namespace weft::http {

MultipartWriter::MultipartWriter(std::string_view boundary)
    : boundary_(internal::judged_boundary(boundary)) {}

std::string MultipartWriter::content_type(std::string_view subtype) const {
    const MediaType type{.type = "multipart",
                         .subtype = std::string(subtype),
                         .parameters = {{"boundary", boundary_}}};
    return type.to_string();
}

void MultipartWriter::begin_part(Bytes& out, const Headers& headers) {
    write_boundary(out);
    has_parts_ = true;
    out += "\r\n";
    for (const auto& [name, value] : headers) {
        out.append(name).append(": ").append(value) += "\r\n";
    }
    out += "\r\n";
}

void MultipartWriter::finish(Bytes& out) {
    write_boundary(out);
    is_finished_ = true;
    out += "--\r\n";
}

void MultipartWriter::write_boundary(Bytes& out) {
    if (is_finished_) throw RuntimeError("the multipart body is finished");
    if (has_parts_) out += "\r\n";
    out.append("--").append(boundary_);
}

}  // namespace weft::http

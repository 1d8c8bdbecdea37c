// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/url_builder.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/scheme.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {

void URLBuilder::write_scheme(std::string_view scheme) {
    append_lower_case(url_.text_, scheme);
    url_.marks_.scheme_end = here();
    url_.text_ += ':';
    URL::Marks& marks = url_.marks_;
    marks.user_begin = marks.user_end = marks.password_end = marks.host_begin = marks.host_end =
        marks.path_begin = here();
}

void URLBuilder::begin_authority() {
    url_.text_ += "//";
    url_.marks_.has_authority = true;
    url_.marks_.user_begin = url_.marks_.user_end = here();
}

void URLBuilder::end_password() {
    url_.marks_.password_end = here();
    if (here() != url_.marks_.user_begin) url_.text_ += '@';
    url_.marks_.host_begin = here();
}

void URLBuilder::end_host(std::optional<std::uint16_t> port) {
    url_.marks_.host_end = here();
    if (port == default_port(url_.scheme())) port.reset();
    url_.marks_.port = port;
    if (port) url_.text_ += ":" + std::to_string(*port);
}

std::string_view URLBuilder::host() const noexcept {
    return url_.between(url_.marks_.host_begin, here());
}

void URLBuilder::end_path(bool opaque) {
    URL::Marks& marks = url_.marks_;
    marks.has_opaque_path = opaque;
    // Without a host, a path that begins with two slashes would be read as one.
    if (!marks.has_authority && !opaque &&
        url_.between(marks.path_begin, here()).starts_with("//")) {
        url_.text_.insert(marks.path_begin, "/.");
        marks.path_begin += 2;
    }
    marks.path_end = marks.query_end = here();
}

std::expected<URL, URLError> URLBuilder::finish() && {
    if (url_.text_.size() > URL::bytes_max) {
        return std::unexpected(
            URLError{.fault = URLFault::too_long, .culprit = std::to_string(url_.text_.size())});
    }
    return std::move(url_);
}

URLParts URLBuilder::parts_of(const URL& url) {
    const URL::Marks& marks = url.marks_;
    const auto size = static_cast<std::uint32_t>(url.text_.size());
    const auto behind_sign = [&](std::uint32_t begin, std::uint32_t end) {
        return begin == end ? std::nullopt : std::optional(url.between(begin + 1, end));
    };
    return {.scheme = url.scheme(),
            .user = url.raw_user(),
            .password = url.raw_password(),
            .host = marks.has_authority ? std::optional(url.host_subcomponent()) : std::nullopt,
            .port = marks.port,
            .path = url.raw_path(),
            .has_opaque_path = marks.has_opaque_path,
            .query = behind_sign(marks.path_end, marks.query_end),
            .fragment = behind_sign(marks.query_end, size)};
}

void URLBuilder::write_authority(const URLParts& parts) {
    if (!parts.host) return;
    begin_authority();
    text() += parts.user;
    end_user();
    if (!parts.password.empty()) {
        text() += ':';
        text() += parts.password;
    }
    end_password();
    text() += *parts.host;
    end_host(parts.port);
}

std::expected<URL, URLError> URLBuilder::assemble(const URLParts& parts) {
    const std::size_t signs = std::string_view("://:@:65535/.?#").size();
    URLBuilder out(signs + parts.scheme.size() + parts.user.size() + parts.password.size() +
                   parts.host.value_or("").size() + parts.path.size() +
                   parts.query.value_or("").size() + parts.fragment.value_or("").size());
    out.write_scheme(parts.scheme);
    out.write_authority(parts);
    out.begin_path();
    out.text() += parts.path;
    out.end_path(parts.has_opaque_path);
    if (parts.query) {
        out.text() += '?';
        out.text() += *parts.query;
    }
    out.end_query();
    if (parts.fragment) {
        out.text() += '#';
        out.text() += *parts.fragment;
    }
    return std::move(out).finish();
}

}  // namespace weft::http::internal

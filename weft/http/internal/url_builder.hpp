// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/url_builder.hpp - writes the text of a URL, from left to right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/internal/scheme.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {

/// The parts of a URL in canonical form. nullopt is not there, where empty means something else.
struct URLParts {
    std::string_view scheme;
    std::string_view user;
    std::string_view password;
    std::optional<std::string_view> host;
    std::optional<std::uint16_t> port;
    std::string_view path;
    bool has_opaque_path = false;
    std::optional<std::string_view> query;
    std::optional<std::string_view> fragment;
};

/// The scheme first, then what there is of authority, path, query and fragment, in that order.
/// Whoever writes encoded parts gets the text to append to.
class URLBuilder {
public:
    /// Room for a text of so many bytes; a longer one costs a further allocation.
    explicit URLBuilder(std::size_t text_bytes) { url_.text_.reserve(text_bytes); }

    void write_scheme(std::string_view scheme);

    /// Writes `//`; then come the user, the password, the host.
    void begin_authority();
    [[nodiscard]] std::string& text() noexcept { return url_.text_; }
    void end_user() noexcept { url_.marks_.user_end = here(); }
    /// After the user and, if there is any, `:` and the password.
    void end_password();
    /// After the host; writes the port unless it is the scheme's.
    void end_host(std::optional<std::uint16_t> port);
    [[nodiscard]] std::string_view host() const noexcept;

    void begin_path() noexcept { url_.marks_.path_begin = here(); }
    [[nodiscard]] std::size_t path_begin() const noexcept { return url_.marks_.path_begin; }
    void end_path(bool opaque);
    void end_query() noexcept { url_.marks_.query_end = here(); }

    /// Errors: too_long.
    [[nodiscard]] std::expected<URL, URLError> finish() &&;

    /// The parts of a URL, to write them with another one among them; views of its text.
    [[nodiscard]] static URLParts parts_of(const URL& url);
    /// Errors: too_long.
    [[nodiscard]] static std::expected<URL, URLError> assemble(const URLParts& parts);
    void write_authority(const URLParts& parts);

private:
    [[nodiscard]] std::uint32_t here() const noexcept {
        return static_cast<std::uint32_t>(url_.text_.size());
    }

    URL url_;
};

}  // namespace weft::http::internal

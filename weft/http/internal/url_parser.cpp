// SPDX-License-Identifier: Apache-2.0
//
// The standard's parser (WHATWG URL §4.4) is a machine that takes one code point at a time. Its
// states are the functions of Parser; each takes what is its own from `rest_`, the text before the
// query, which the first `?` begins, and the fragment, which the first `#` begins.
//
//     no_scheme ──▶ relative ──▶ authority ──▶ path
//     with_scheme ──┴─▶ file ────┴──▶ path
//                   └─▶ opaque_path
#include <weft/http/internal/url_parser.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/host.hpp>
#include <weft/http/internal/http_rules.hpp>
#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/internal/scheme.hpp>
#include <weft/http/internal/url_builder.hpp>
#include <weft/http/internal/url_culprit.hpp>
#include <weft/http/internal/url_path.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {
namespace {

constexpr ByteSet tabs_and_line_ends = ByteSet().with("\t\n\r");
// What a browser takes for the text: without white space around it, and without what an editor
// wraps lines with. `copy` is used if something is to be taken out.
std::string_view cleaned(std::string_view text, std::string& copy) {
    const auto is_c0_or_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    while (!text.empty() && is_c0_or_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_c0_or_space(text.back())) text.remove_suffix(1);
    const auto dropped = [](char c) { return tabs_and_line_ends.contains(c); };
    if (std::ranges::none_of(text, dropped)) return text;
    std::ranges::remove_copy_if(text, std::back_inserter(copy), dropped);
    return copy;
}

// Takes all up to `sign` out of `text`, and gives what is behind the sign.
std::optional<std::string_view> split_off(std::string_view& text, char sign) noexcept {
    const std::size_t at = text.find(sign);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(at + 1);
    text = text.substr(0, at);
    return behind;
}

// The colon between host and port; those in brackets are of IPv6.
std::size_t find_port_colon(std::string_view text) noexcept {
    bool in_brackets = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[') in_brackets = true;
        if (text[i] == ']') in_brackets = false;
        if (text[i] == ':' && !in_brackets) return i;
    }
    return text.size();
}

std::expected<void, URLError> check_http(std::string_view text, const URL* base) {
    auto checked = check_http_text(text);
    return checked && base ? check_http_scheme(base->scheme()) : checked;
}

class Parser {
public:
    using Result = std::expected<void, URLError>;

    Parser(std::string_view text, const URL* base, URLRules rules)
        : whole_(text), base_(base), rules_(rules), rest_(text), out_(text.size() + 16) {
        if (base) base_parts_ = URLBuilder::parts_of(*base);
        fragment_ = split_off(rest_, '#');
        query_ = split_off(rest_, '?');
        head_ = rest_;
    }

    std::expected<URL, URLError> parse() && {
        if (auto done = start(); !done) return std::unexpected(std::move(done.error()));
        finish_query();
        if (fragment_) {
            out_.text() += '#';
            append_percent_encoded(out_.text(), *fragment_, fragment_set);
        }
        return std::move(out_).finish();
    }

private:
    std::unexpected<URLError> failed(URLFault fault, std::string_view culprit) const {
        return std::unexpected(URLError{.fault = fault, .culprit = culprit_of(whole_, culprit)});
    }

    Result start() {
        const auto scheme = scheme_of(rest_);
        if (!scheme) return no_scheme();
        rest_.remove_prefix(scheme->size() + 1);
        return with_scheme(lower_case(*scheme));
    }

    Result with_scheme(std::string_view scheme) {
        kind_ = kind_of(scheme);
        out_.write_scheme(scheme);
        switch (kind_) {
            case SchemeKind::file:
                return file();
            case SchemeKind::web:
                if (base_ && base_->scheme() == scheme && !rest_.starts_with("//")) {
                    return relative();
                }
                return authority_behind_slashes();
            case SchemeKind::other:
                break;
        }
        if (rest_.starts_with("//")) return authority_behind_slashes();
        if (!rest_.starts_with('/')) return opaque_path();
        path();
        return {};
    }

    Result no_scheme() {
        if (!base_) return failed(URLFault::no_scheme, head_);
        const bool only_fragment = rest_.empty() && !query_ && fragment_;
        if (base_parts_.has_opaque_path && !only_fragment) {
            return failed(URLFault::no_scheme, head_);
        }
        kind_ = kind_of(base_->scheme());
        out_.write_scheme(base_->scheme());
        if (!base_parts_.has_opaque_path) {
            return kind_ == SchemeKind::file ? file() : relative();
        }
        copy_base_path();
        out_.end_path(true);
        query_ = base_parts_.query;
        query_is_canonical_ = true;
        return {};
    }

    Result relative() {
        if (takes_slash(0)) {
            if (takes_slash(1)) return authority_behind_slashes();
            out_.write_authority(base_parts_);
            path();
            return {};
        }
        out_.write_authority(base_parts_);
        relative_path();
        return {};
    }

    // Whether there is a slash, or what means one in this scheme.
    [[nodiscard]] bool takes_slash(std::size_t at) const noexcept {
        return at < rest_.size() && is_slash(rest_[at], kind_);
    }

    // Nothing is the path of the base; else it is what takes the place of its last segment.
    void relative_path() {
        copy_base_path();
        if (rest_.empty()) {
            out_.end_path(false);
            if (!query_) {
                query_ = base_parts_.query;
                query_is_canonical_ = true;
            }
            return;
        }
        remove_last_segment(out_.text(), out_.path_begin(), kind_);
        segments();
    }

    void copy_base_path() {
        out_.begin_path();
        out_.text() += base_parts_.path;
    }

    Result file() {
        if (takes_slash(0) && takes_slash(1)) return file_host();
        const bool on_base = base_ && base_->scheme() == "file";
        if (on_base) {
            out_.write_authority(base_parts_);
        } else {
            no_host();
        }
        if (takes_slash(0)) {
            rest_.remove_prefix(1);
            out_.begin_path();
            // The drive of the base goes on, unless there is another one.
            const std::string_view base_path = base_parts_.path;
            if (on_base && !starts_with_drive(rest_) && base_path.size() >= 3 &&
                starts_with_drive(base_path.substr(1))) {
                out_.text() += base_path.substr(0, 3);
            }
            segments();
        } else if (on_base && !starts_with_drive(rest_)) {
            relative_path();
        } else {
            out_.begin_path();
            segments();
        }
        return {};
    }

    Result file_host() {
        rest_.remove_prefix(2);
        const std::size_t end = find_slash(rest_, kind_);
        const std::string_view host = rest_.substr(0, end);
        if (is_drive(host)) {  // `file://C:/x`: there is no host
            no_host();
            out_.begin_path();
            segments();
            return {};
        }
        rest_.remove_prefix(end);
        out_.begin_authority();
        out_.end_user();
        out_.end_password();
        if (!host.empty()) {
            if (auto done = this->host(host); !done) return done;
            if (out_.host() == "localhost") {
                out_.text().resize(out_.text().size() - out_.host().size());
            }
        }
        out_.end_host(std::nullopt);
        path();
        return {};
    }

    void no_host() {
        out_.begin_authority();
        out_.end_user();
        out_.end_password();
        out_.end_host(std::nullopt);
    }

    Result authority_behind_slashes() {
        const std::size_t all = std::min(rest_.find_first_not_of("/\\"), rest_.size());
        rest_.remove_prefix(kind_ == SchemeKind::other ? 2 : all);

        const std::size_t end = find_slash(rest_, kind_);
        std::string_view host_and_port = rest_.substr(0, end);
        rest_.remove_prefix(end);
        out_.begin_authority();
        if (const std::size_t at = host_and_port.rfind('@'); at != std::string_view::npos) {
            userinfo(host_and_port.substr(0, at));
            host_and_port.remove_prefix(at + 1);
            if (host_and_port.empty()) return failed(URLFault::no_host, head_);
        } else {
            out_.end_user();
        }
        out_.end_password();
        if (auto done = this->host_and_port(host_and_port); !done) return done;
        path();
        return {};
    }

    void userinfo(std::string_view user) {
        const auto password = split_off(user, ':');
        append_percent_encoded(out_.text(), user, userinfo_set);
        out_.end_user();
        if (password && !password->empty()) {
            out_.text() += ':';
            append_percent_encoded(out_.text(), *password, userinfo_set);
        }
    }

    Result host_and_port(std::string_view text) {
        const std::size_t colon = find_port_colon(text);
        const std::string_view host_text = text.substr(0, colon);
        if (host_text.empty()) {
            if (kind_ == SchemeKind::web || !text.empty()) return failed(URLFault::no_host, head_);
        } else if (auto done = host(host_text); !done) {
            return done;
        }
        std::optional<std::uint16_t> port;
        const std::string_view figures = text.substr(std::min(colon + 1, text.size()));
        if (!figures.empty()) {
            port = 0;
            const char* const end = figures.data() + figures.size();
            const auto [stop, error] = std::from_chars(figures.data(), end, *port);
            if (stop != end || error != std::errc()) return failed(URLFault::bad_port, figures);
        }
        out_.end_host(port);
        return {};
    }

    Result host(std::string_view text) {
        const auto kind = kind_ == SchemeKind::other ? HostKind::opaque : HostKind::special;
        if (const auto done = append_host(out_.text(), text, kind); !done) {
            return failed(done.error(), text);
        }
        if (rules_ == URLRules::http) {
            if (const auto done = check_http_host(text, out_.host()); !done) {
                return failed(done.error(), text);
            }
        }
        return {};
    }

    void path() {
        out_.begin_path();
        append_path(out_.text(), out_.path_begin(), rest_, kind_);
        out_.end_path(false);
    }

    void segments() {
        append_segments(out_.text(), out_.path_begin(), rest_, kind_);
        out_.end_path(false);
    }

    Result opaque_path() {
        out_.begin_path();
        // At the end of the text, a space would not be read back.
        const bool space = rest_.ends_with(' ') && (query_ || fragment_);
        if (space) rest_.remove_suffix(1);
        append_percent_encoded(out_.text(), rest_, c0_control_set);
        if (space) out_.text() += "%20";
        out_.end_path(true);
        return {};
    }

    void finish_query() {
        if (query_) {
            out_.text() += '?';
            if (query_is_canonical_) {
                out_.text() += *query_;
            } else {
                append_percent_encoded(out_.text(), *query_,
                                       kind_ == SchemeKind::other ? query_set : special_query_set);
            }
        }
        out_.end_query();
    }

    std::string_view whole_;
    const URL* base_;
    URLRules rules_;
    URLParts base_parts_;
    std::string_view head_;  // all before the query and the fragment
    std::string_view rest_;  // what is still to be read of it
    std::optional<std::string_view> query_;
    std::optional<std::string_view> fragment_;
    bool query_is_canonical_ = false;  // it is the base's
    SchemeKind kind_ = SchemeKind::other;
    URLBuilder out_;
};

}  // namespace

std::expected<URL, URLError> parse_url(std::string_view text, const URL* base, URLRules rules) {
    if (text.size() > URL::bytes_max) {
        return std::unexpected(
            URLError{.fault = URLFault::too_long, .culprit = std::to_string(text.size())});
    }
    std::string copy;
    if (rules == URLRules::browser) {
        text = cleaned(text, copy);
    } else if (auto checked = check_http(text, base); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    return Parser(text, base, rules).parse();
}

}  // namespace weft::http::internal

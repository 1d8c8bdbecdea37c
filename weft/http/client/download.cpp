// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/download.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/byte_range.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/partial_file.hpp>
#include <weft/http/client/internal/retries.hpp>
#include <weft/http/client/internal/sha256.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/entity_tag.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_date.hpp>
#include <weft/http/method.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/utf8.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {
namespace {

using internal::ContentVersion;
using internal::PartialFile;

// ---- a body into a file

void check_digest(const DownloadOptions& options) {
    constexpr std::size_t digits = 64;
    constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";
    if (!options.sha256) return;
    if (options.sha256->size() == digits &&
        options.sha256->find_first_not_of(hexadecimal) == std::string::npos) {
        return;
    }
    throw ValueError("the SHA-256 " + in_quotes(*options.sha256) +
                     " is none: it has 64 hexadecimal digits");
}

// What there will be in the file: of the body at hand, and of all of it.
struct Expected {
    std::optional<std::uint64_t> end;
    std::optional<std::uint64_t> total;
};

void report(const PartialFile& file, const Expected& expected, const DownloadOptions& options) {
    if (options.on_progress) {
        options.on_progress({.bytes = file.size(), .total = expected.total});
    }
}

[[noreturn]] void refuse(PartialFile& file, const std::string& why) {
    file.give_up();
    throw ClientPayloadError(why);
}

void check_size(PartialFile& file, std::uint64_t size, const Expected& expected,
                const DownloadOptions& options) {
    if (options.bytes_max && std::max(size, expected.total.value_or(0)) > *options.bytes_max) {
        refuse(file, "the body is longer than bytes_max, " + std::to_string(*options.bytes_max) +
                         " bytes");
    }
    if (expected.end && size > *expected.end) {
        refuse(file, "the body goes on behind the range that its Content-Range tells");
    }
}

Coro<void> write_piece(PartialFile& file, const Bytes& piece, Expected expected,
                       const DownloadOptions& options) {
    co_await transparent;
    check_size(file, file.size() + piece.size(), expected, options);
    co_await file.append(piece);
    report(file, expected, options);
}

// Writes a piece while the next one comes.
// Returns: why the body was cut off; null where it is over.
// Errors:  what is no fault of the network's.
Coro<std::exception_ptr> write_body(ClientResponse& response, PartialFile& file, Expected expected,
                                    const DownloadOptions& options) {
    co_await transparent;
    check_size(file, file.size(), expected, options);
    report(file, expected, options);
    response.begin_streaming();
    auto next = co_await as_result(response.next_streamed());
    while (next && !next->empty()) {
        const Bytes piece = *std::move(next);
        auto writing = write_piece(file, piece, expected, options);
        auto [come, written] =
            co_await gather(return_exceptions, response.next_streamed(), std::move(writing));
        if (!written) std::rethrow_exception(written.error());
        next = std::move(come);
    }
    co_return next ? nullptr : next.error();
}

Coro<void> finish(PartialFile& file, const DownloadOptions& options) {
    co_await transparent;
    if (options.sha256) {
        const auto digest_of = [](const std::stop_token& stop, const std::string& path) {
            return internal::sha256_of_file(stop, path);
        };
        const std::string digest = co_await to_thread(digest_of, file.part_path());
        if (!equal_ignoring_case(digest, *options.sha256)) {
            refuse(file, "the SHA-256 of the file is " + digest + ", not " + *options.sha256);
        }
    }
    co_await file.finish(options.sync);
}

// ---- which version it is

bool is_coded(const Headers& headers) { return headers.contains("Content-Encoding"); }

// A date tells versions apart only once a second has passed that began after it.
// Spec: RFC 9110 §8.8.2.2.
bool is_strong_date(std::string_view last_modified, std::string_view date) {
    const auto modified = parse_http_date(last_modified);
    const auto sent = parse_http_date(date);
    return modified && sent && *modified + std::chrono::seconds(1) <= *sent;
}

std::optional<std::string> validator_of(const Headers& headers) {
    const std::string_view text = headers.get("ETag", "");
    const auto tag = EntityTag::parse(text);
    if (tag && !tag->is_weak && is_utf8(text)) return std::string(text);
    const std::string_view modified = headers.get("Last-Modified", "");
    if (is_strong_date(modified, headers.get("Date", ""))) return std::string(modified);
    return std::nullopt;
}

bool is_tag(const std::string& validator) { return validator.starts_with('"'); }

// Whether a part is one of the version that was asked for, as far as the server says.
bool is_of_version(const Headers& headers, const ContentVersion& version) {
    const auto said = headers.get(is_tag(version.validator) ? "ETag" : "Last-Modified");
    return !is_coded(headers) && (!said || *said == version.validator);
}

// What a part adds to the bytes that are there; nullopt where it does not follow them.
std::optional<Expected> continuation(const ClientResponse& response, const PartialFile& file) {
    const ContentVersion& version = *file.version();
    const auto said = ContentRange::parse(response.headers().get("Content-Range", ""));
    if (!said || !said->range || said->range->first != file.size()) return std::nullopt;
    if (said->size && version.size && *said->size != *version.size) return std::nullopt;
    if (!said->size && !version.size)
        return std::nullopt;  // nobody knows whether it is the last part
    if (response.content_length().value_or(said->range->size()) != said->range->size()) {
        return std::nullopt;
    }
    if (!is_of_version(response.headers(), version)) return std::nullopt;
    return Expected{.end = said->range->last + 1, .total = said->size ? said->size : version.size};
}

// ---- one download

void check_request(const ClientRequest& request) {
    if (request.method != Method::get) {
        throw ValueError("a download is a GET, not a " + std::string(request.method.name()));
    }
    for (const std::string_view name : {"Range", "If-Range"}) {
        if (!request.headers.contains(name)) continue;
        throw ValueError("the header " + std::string(name) +
                         " is not for the caller to set: download() asks for what is missing");
    }
}

class Download {
public:
    Download(RequestBuilder request, PartialFile file, DownloadOptions options)
        : request_(std::move(request)),
          file_(std::move(file)),
          options_(std::move(options)),
          url_sha256_(internal::sha256_of(written().url.to_string())),
          policy_(written().retry ? *written().retry : RetryPolicy()),
          total_("total", written().timeout.total, get_running_loop().time()) {}

    [[nodiscard]] Coro<DownloadResult> run();
    /// The error of run(): where the total has passed, it is that of the call, not that of its last
    /// request, which had what was left of it.
    [[nodiscard]] std::exception_ptr told(const std::exception_ptr& error) const;

private:
    [[nodiscard]] const ClientRequest& written() const noexcept { return request_.written(); }
    [[nodiscard]] Coro<void> make_ready();
    [[nodiscard]] bool resumes() const noexcept {
        const auto& version = file_.version();
        return file_.size() > 0 && version && version->url_sha256 == url_sha256_;
    }
    [[nodiscard]] RequestBuilder next_request() const;
    [[nodiscard]] Coro<ClientResponse> ask();
    [[nodiscard]] Coro<bool> take_up(ClientResponse& response);
    [[nodiscard]] std::optional<ContentVersion> version_of(const ClientResponse& response) const;
    [[nodiscard]] std::exception_ptr what_is_missing() const;
    [[nodiscard]] Coro<void> wait_after(std::exception_ptr cut_off);

    RequestBuilder request_;
    PartialFile file_;
    DownloadOptions options_;
    std::string url_sha256_;
    RetryPolicy policy_;
    internal::TimeLimit total_;
    std::size_t attempts_ = 0;
    std::uint64_t resumed_from_ = 0;
    Expected expected_;
};

Coro<DownloadResult> Download::run() {
    co_await transparent;
    if (resumes()) resumed_from_ = file_.size();
    for (;;) {
        co_await make_ready();
        ClientResponse response = co_await ask();
        if (!co_await take_up(response)) continue;
        auto cut_off = co_await write_body(response, file_, expected_, options_);
        if (!cut_off) cut_off = what_is_missing();
        if (!cut_off) {
            const std::uint64_t size = file_.size();
            co_await finish(file_, options_);
            co_return DownloadResult{.size = size,
                                     .resumed_from = resumed_from_,
                                     .status = response.status(),
                                     .attempts = attempts_,
                                     .url = response.url()};
        }
        response.close();
        co_await wait_after(std::move(cut_off));
    }
}

// The last byte is asked for again: so there always is something to ask for, and the answer tells
// whether it is still that version.
Coro<void> Download::make_ready() {
    co_await transparent;
    if (resumes()) co_await file_.cut(file_.size() - 1);
}

RequestBuilder Download::next_request() const {
    RequestBuilder request = request_;
    request.header("Accept-Encoding", "identity").raise_for_status(false);
    if (resumes()) {
        const RangeRequest rest{.first = file_.size(), .last = std::nullopt};
        request.header("Range", format_range({&rest, 1}))
            .header("If-Range", file_.version()->validator);
    }
    RetryPolicy policy = policy_;
    policy.attempts -= std::min(attempts_, policy.attempts);
    request.retry(std::move(policy));
    if (total_.delay) {
        ClientTimeout timeout = written().timeout;
        timeout.total = std::max(total_.end() - get_running_loop().time(), Nanoseconds::zero());
        request.timeout(timeout);
    }
    return request;
}

Coro<ClientResponse> Download::ask() {
    co_await transparent;
    ClientResponse response = co_await next_request();
    attempts_ += response.attempts();
    co_return response;
}

std::optional<ContentVersion> Download::version_of(const ClientResponse& response) const {
    if (is_coded(response.headers())) return std::nullopt;
    auto validator = validator_of(response.headers());
    if (!validator) return std::nullopt;
    return ContentVersion{.url_sha256 = url_sha256_,
                          .validator = *std::move(validator),
                          .size = response.content_length()};
}

// Returns: whether the body is to be written; else the next request is for all of it.
// Errors:  ClientResponseError
Coro<bool> Download::take_up(ClientResponse& response) {
    co_await transparent;
    const int status = response.status();
    if (status == 206 && resumes()) {
        if (const auto part = continuation(response, file_)) {
            expected_ = *part;
            resumed_from_ = std::min(resumed_from_, file_.size());
            co_return true;
        }
    }
    resumed_from_ = 0;
    if (status == 200) {
        const auto size = is_coded(response.headers()) ? std::nullopt : response.content_length();
        expected_ = {.end = size, .total = size};
        co_await file_.begin(version_of(response));
        co_return true;
    }
    co_await response.drain();
    if ((status != 206 && status != 416) || !resumes()) {
        throw ClientResponseError(response.url(), status, response.reason(), response.headers());
    }
    co_await file_.begin(std::nullopt);
    co_return false;
}

// A body that is over, but of a part that is not the whole rest.
std::exception_ptr Download::what_is_missing() const {
    const auto end = expected_.total ? expected_.total : expected_.end;
    if (!end || file_.size() == *end) return nullptr;
    return std::make_exception_ptr(ClientPayloadError("the server has sent " +
                                                      std::to_string(file_.size()) + " of " +
                                                      std::to_string(*end) + " bytes"));
}

std::exception_ptr Download::told(const std::exception_ptr& error) const {
    const bool is_total = holds<ServerTimeoutError>(error) && !holds<SocketTimeoutError>(error) &&
                          !holds<ConnectionTimeoutError>(error);
    return is_total ? total_.error() : error;
}

// Until the next attempt.
// Errors: `cut_off`   there is to be none.
Coro<void> Download::wait_after(std::exception_ptr cut_off) {
    co_await transparent;
    const bool may_go_on = holds<ClientPayloadError>(cut_off) || holds<SocketTimeoutError>(cut_off);
    if (!may_go_on || attempts_ >= policy_.attempts) std::rethrow_exception(cut_off);
    const Nanoseconds wait = internal::backoff(policy_, attempts_, internal::chance());
    if (total_.delay && Delay(wait).after(get_running_loop().time()) >= total_.end()) {
        std::rethrow_exception(cut_off);
    }
    if (const auto& budget = written().retry_budget; budget && !budget->take()) {
        std::rethrow_exception(cut_off);
    }
    co_await sleep(wait);
}

}  // namespace

Coro<DownloadResult> download(RequestBuilder request, std::string path, DownloadOptions options) {
    co_await transparent;
    check_request(request.written());
    check_digest(options);
    PartialFile file = co_await PartialFile::open(std::move(path));
    Download all(std::move(request), std::move(file), std::move(options));
    auto result = co_await as_result(all.run());
    if (!result) std::rethrow_exception(all.told(result.error()));
    co_return *std::move(result);
}

Coro<std::uint64_t> ClientResponse::download_to(std::string path, DownloadOptions options) {
    co_await transparent;
    check_digest(options);
    PartialFile file = co_await PartialFile::open(std::move(path));
    co_await file.begin(std::nullopt);
    const auto size = state_->decoder ? std::nullopt : state_->content_length;
    const auto cut_off = co_await write_body(*this, file, {.end = size, .total = size}, options);
    if (cut_off) std::rethrow_exception(cut_off);
    const std::uint64_t bytes = file.size();
    co_await finish(file, options);
    co_return bytes;
}

}  // namespace weft::http

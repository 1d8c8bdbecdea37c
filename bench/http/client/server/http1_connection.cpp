// SPDX-License-Identifier: Apache-2.0
#include <bench/http/client/server/http1_connection.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <bench/http/client/server/checked.hpp>
#include <bench/http/client/server/target.hpp>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/types.h>
#include <unistd.h>

namespace bench {
namespace {

using std::string_view_literals::operator""sv;

constexpr auto get = "GET "sv;
constexpr auto head_end = "\r\n\r\n"sv;
constexpr std::size_t block_bytes = std::size_t{1024} * 1024;

const std::string& head_begin() {
    static const std::string text = [] {
        std::string head = "HTTP/1.1 200 OK\r\nServer: ";
        head.append(server_name).append("\r\nDate: ").append(date);
        head.append("\r\nContent-Type: ").append(content_type).append("\r\nContent-Length: ");
        return head;
    }();
    return text;
}

}  // namespace

int make_block() {
    const int block = checked(::memfd_create("block", MFD_CLOEXEC), "memfd_create");
    const std::string text(block_bytes, 'x');
    checked(::write(block, text.data(), text.size()), "write");
    return block;
}

bool Http1Connection::serve(bool has_ended) {
    for (bool is_all = false;;) {
        if (!send_rest()) return errno == EAGAIN;
        if (const auto target = take_request()) {
            if (!begin_response(*target)) return false;
            continue;
        }
        if (is_all && !has_ended) return true;
        const ssize_t count = line_.receive(std::span(buffer_).subspan(size_));
        if (count < 0 && errno == EAGAIN) return true;
        if (count <= 0) return false;  // also where one request fills the buffer
        size_ += static_cast<std::size_t>(count);
        is_all = line_.has_all();
    }
}

// The target of the next request, once all of that is there; empty where it is no GET.
std::optional<std::string> Http1Connection::take_request() {
    const std::string_view received(buffer_.data(), size_);
    const std::size_t end = received.find(head_end);
    if (end == std::string_view::npos) return std::nullopt;
    std::string target;
    if (received.starts_with(get)) {
        target = received.substr(get.size(), received.find(' ', get.size()) - get.size());
    }
    const std::size_t used = end + head_end.size();
    size_ -= used;
    std::memmove(buffer_.data(), buffer_.data() + used, size_);
    return target;
}

// False where there is no such thing.
bool Http1Connection::begin_response(std::string_view target) {
    const auto size = size_asked_for(target);
    if (!size) return false;
    sent_ = 0;
    body_left_ = *size;
    head_.assign(head_begin()).append(std::to_string(*size)).append(head_end);
    if (*size > small_body_bytes_max) return line_.is_plain();
    head_.append(std::exchange(body_left_, 0), 'x');
    return true;
}

// False while something is left; errno says why.
bool Http1Connection::send_rest() {
    while (sent_ < head_.size()) {
        const ssize_t count = line_.send(std::string_view(head_).substr(sent_), body_left_ > 0);
        if (count < 0) return false;
        sent_ += static_cast<std::size_t>(count);
    }
    while (body_left_ > 0) {
        off_t from = 0;
        const auto size = std::min<std::uint64_t>(body_left_, block_bytes);
        const ssize_t count = ::sendfile(line_.fd(), block_, &from, size);
        if (count < 0) return false;
        body_left_ -= static_cast<std::uint64_t>(count);
    }
    return true;
}

}  // namespace bench

// SPDX-License-Identifier: Apache-2.0
// weft/io/nameserver_test.hpp - a nameserver that says what a test wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <weft/base/bytes.hpp>
#include <weft/io/datagrams.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/task.hpp>

namespace weft {

/// The types of records (RFC 1035, section 3.2.2; RFC 3596).
inline constexpr std::uint16_t record_a = 1;
inline constexpr std::uint16_t record_cname = 5;
inline constexpr std::uint16_t record_aaaa = 28;

/// What a resolver asks for.
struct DnsQuery {
    explicit DnsQuery(Bytes message) : bytes(std::move(message)) {
        std::size_t at = 12;
        while (at < bytes.size() && bytes[at] != 0) {
            const auto length = static_cast<unsigned char>(bytes[at]);
            name += (name.empty() ? "" : ".") + bytes.substr(at + 1, length);
            at += 1U + length;
        }
        type = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes.at(at + 2)));
        question = bytes.substr(12, at + 5 - 12);
    }
    Bytes bytes;
    std::string name;
    std::uint16_t type = 0;
    Bytes question;  // as it is repeated in an answer
};

/// This machine's settings would add something to the names.
[[maybe_unused]] inline const bool has_plain_settings = [] {
    ::setenv("LOCALDOMAIN", "", 1);
    ::setenv("RES_OPTIONS", "ndots:1", 1);
    return true;
}();

inline Bytes two_bytes(std::size_t number) {
    return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// An answer in the making (RFC 1035, section 4.1).
class DnsReply {
public:
    explicit DnsReply(const DnsQuery& query)
        : id_(query.bytes.substr(0, 2)), question_(query.question) {}

    DnsReply& code(int rcode) {
        code_ = rcode;
        return *this;
    }
    DnsReply& truncated() {
        truncated_ = true;
        return *this;
    }
    DnsReply& id(Bytes other) {
        id_ = std::move(other);
        return *this;
    }
    DnsReply& address(const std::string& host, std::uint32_t time_to_live = 60) {
        const SocketAddress address(host, 0);
        const bool is_ipv6 = address.family() == af_inet6;
        const Bytes all(reinterpret_cast<const char*>(address.bytes().data()),
                        address.bytes().size());
        const Bytes data = is_ipv6 ? all.substr(offsetof(sockaddr_in6, sin6_addr), 16)
                                   : all.substr(offsetof(sockaddr_in, sin_addr), 4);
        return record(is_ipv6 ? record_aaaa : record_a, time_to_live, data);
    }
    DnsReply& record(std::uint16_t type, std::uint32_t time_to_live, const Bytes& data,
                     const Bytes& name = "\xc0\x0c") {  // that of the question
        records_ += name + two_bytes(type) + two_bytes(1) + two_bytes(time_to_live >> 16) +
                    two_bytes(time_to_live & 0xffff) + two_bytes(data.size()) + data;
        ++count_;
        return *this;
    }
    [[nodiscard]] Bytes bytes() const {
        return id_ +
               Bytes{static_cast<char>(truncated_ ? 0x87 : 0x85), static_cast<char>(0x80 | code_)} +
               two_bytes(1) + two_bytes(count_) + two_bytes(0) + two_bytes(0) + question_ +
               records_;
    }

private:
    Bytes id_;
    Bytes question_;
    Bytes records_;
    std::size_t count_ = 0;
    int code_ = 0;
    bool truncated_ = false;
};

/// A name as it is in a message.
inline Bytes encoded_name(std::string_view name) {
    Bytes all;
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        all += static_cast<char>(label.size());
        all += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    return all + '\0';
}

/// A host of this machine that nobody else listens at: a port of it is as free for UDP as it is for TCP,
/// and free again for who has given it back.
inline constexpr const char* own_host = "127.0.5.3";

/// Listens, until it is destroyed.
class Nameserver {
public:
    /// Gives the messages to answer a query with; none is silence.
    using Answer = std::function<std::vector<Bytes>(const DnsQuery&)>;

    static Coro<Nameserver> start(Answer answer, SocketAddress at = {"127.0.0.1", 0}) {
        Nameserver self;
        self.state_->endpoint = co_await create_datagram_endpoint({.local_addr = std::move(at)});
        self.state_->answer = std::move(answer);
        self.task_ = create_task(serve(self.state_));
        co_return self;
    }
    Nameserver(Nameserver&& other) noexcept
        : state_(std::move(other.state_)), task_(std::exchange(other.task_, std::nullopt)) {}
    ~Nameserver() {
        if (task_) task_->cancel();
    }

    [[nodiscard]] SocketAddress address() const { return state_->endpoint->getsockname(); }
    /// What was asked, as "A www.example.com"; AAAA counts, too.
    [[nodiscard]] const std::vector<std::string>& asked() const { return state_->asked; }
    [[nodiscard]] ResolverOptions options() const {
        return {.nameservers = {address()}, .timeout = std::chrono::seconds(5), .attempts = 2};
    }

private:
    struct State {
        std::optional<DatagramEndpoint> endpoint;
        Answer answer;
        std::vector<std::string> asked;
    };
    Nameserver() = default;
    static Coro<void> serve(std::shared_ptr<State> state) {
        for (;;) {
            auto [message, from] = co_await state->endpoint->recvfrom();
            const DnsQuery query(std::move(message));
            state->asked.push_back((query.type == record_a ? "A " : "AAAA ") + query.name);
            for (const Bytes& answer : state->answer(query)) {
                co_await state->endpoint->sendto(answer, from);
            }
        }
    }
    std::shared_ptr<State> state_ = std::make_shared<State>();
    std::optional<Task<void>> task_;
};

}  // namespace weft

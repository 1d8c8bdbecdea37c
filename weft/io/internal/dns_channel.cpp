// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/dns_channel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <ares.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/free_with.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::internal {
namespace {

// How exactly a timeout is kept.
constexpr Nanoseconds longest_tick = std::chrono::milliseconds(100);

void check(int status, const char* what) {
    if (status != ARES_SUCCESS) {
        throw OSError(std::string(what) + ": " + ares_strerror(status));
    }
}

void begin_library() {
    static const int status = ares_library_init(ARES_LIB_INIT_ALL);
    check(status, "c-ares");
}

// "[::1]:53", as c-ares reads it.
std::string as_nameserver(const SocketAddress& address) {
    const bool is_ipv6 = address.family() == af_inet6;
    return (is_ipv6 ? "[" + address.host() + "]" : address.host()) + ":" +
           std::to_string(address.port() == 0 ? 53 : address.port());
}

// What getaddrinfo(3) would say.
int code_for(int status) noexcept {
    switch (status) {
        case ARES_ENOTFOUND:
        case ARES_EBADNAME:
            return EAI_NONAME;
        case ARES_ENODATA:
            return EAI_NODATA;
        case ARES_ENOMEM:
            return EAI_MEMORY;
        case ARES_EBADFAMILY:
            return EAI_FAMILY;
        case ARES_EREFUSED:
        case ARES_EFORMERR:
        case ARES_ENOTIMP:
            return EAI_FAIL;
        default:
            return EAI_AGAIN;
    }
}

SocketAddress address_of(const ares_addrinfo_node& node) {
    const auto* bytes = reinterpret_cast<const std::byte*>(node.ai_addr);
    return SocketAddress::from_bytes({bytes, node.ai_addrlen});
}

DnsAnswer answer_of(int status, const ares_addrinfo* found) {
    DnsAnswer answer;
    if (status != ARES_SUCCESS) {
        answer.code = code_for(status);
        answer.error = std::string(gai_strerror(answer.code)) + " (" + ares_strerror(status) + ")";
        return answer;
    }
    int time_to_live = std::numeric_limits<int>::max();
    // The names on the way to it may change sooner than the address.
    for (const ares_addrinfo_cname* name = found->cnames; name; name = name->next) {
        time_to_live = std::min(time_to_live, name->ttl);
    }
    for (const ares_addrinfo_node* node = found->nodes; node; node = node->ai_next) {
        time_to_live = std::min(time_to_live, node->ai_ttl);
        const SocketAddress address = address_of(*node);
        if (std::ranges::find(answer.addresses, address) == answer.addresses.end()) {
            answer.addresses.push_back(address);
        }
    }
    if (answer.addresses.empty()) {
        answer.code = EAI_NODATA;
        answer.error = gai_strerror(EAI_NODATA);
    }
    answer.time_to_live = std::chrono::seconds(std::max(time_to_live, 0));
    return answer;
}

}  // namespace

struct DnsChannel::Question {
    DnsChannel& channel;
    Answered answered;
};

void DnsChannel::Destroy::operator()(ares_channeldata* channel) const noexcept {
    ares_destroy(channel);
}

DnsChannel::DnsChannel(EventLoop& loop, const ResolverOptions& options)
    : loop_(loop), tick_(std::min<Nanoseconds>(options.timeout.get() / 4, longest_tick)) {
    begin_library();
    std::string nameservers;
    for (const SocketAddress& nameserver : options.nameservers) {
        nameservers += (nameservers.empty() ? "" : ",") + as_nameserver(nameserver);
    }
    ares_options settings{};
    const auto milliseconds =
        std::chrono::ceil<std::chrono::milliseconds>(options.timeout.get()).count();
    settings.timeout =
        static_cast<int>(std::min<std::int64_t>(milliseconds, std::numeric_limits<int>::max()));
    settings.tries = options.attempts;
    settings.sock_state_cb = on_socket;
    settings.sock_state_cb_data = this;
    ares_channeldata* made = nullptr;
    check(ares_init_options(&made, &settings,
                            ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB),
          "c-ares");
    channel_.reset(made);
    if (nameservers.empty()) return;
    check(ares_set_servers_ports_csv(made, nameservers.c_str()), nameservers.c_str());
}

DnsChannel::~DnsChannel() {
    timer_.cancel();
    channel_.reset();  // which answers what is open, and so needs the rest
}

void DnsChannel::ask(const std::string& host, AddressFamily family, Answered answered) {
    ares_addrinfo_hints hints{};
    hints.ai_family = static_cast<int>(family);
    hints.ai_socktype = SOCK_STREAM;
    // As SSLKEYLOGFILE: not for whoever starts a program with more rights than theirs.
    if (::secure_getenv("CARES_HOSTS")) hints.ai_flags = ARES_AI_ENVHOSTS;
    auto question = std::make_unique<Question>(*this, std::move(answered));
    ++asking_;
    ares_getaddrinfo(channel_.get(), host.c_str(), nullptr, &hints, on_answer, question.release());
    if (is_asking() && !timer_is_set_) look_at_the_time();
}

void DnsChannel::on_answer(void* question, int status, int timeouts,
                           ares_addrinfo* found) noexcept {
    const std::unique_ptr<Question> asked(static_cast<Question*>(question));
    const std::unique_ptr<ares_addrinfo, FreeWith<ares_freeaddrinfo>> owned(found);
    --asked->channel.asking_;
    DnsAnswer answer;
    try {
        answer = answer_of(status, found);
        answer.is_whole = timeouts == 0;
    } catch (const std::exception&) {  // no memory
        answer = {.code = EAI_MEMORY};
    }
    asked->answered(std::move(answer));
}

// What c-ares is waiting for at this socket from now on.
void DnsChannel::on_socket(void* self, int fd, int readable, int writable) noexcept {
    auto& channel = *static_cast<DnsChannel*>(self);
    if (channel.loop_is_closed_) return;
    EventLoop& loop = channel.loop_;
    try {
        if (readable != 0) {
            loop.add_reader(fd, [&channel, fd] { channel.process(fd, ARES_SOCKET_BAD); });
        } else {
            loop.remove_reader(fd);
        }
        if (writable != 0) {
            loop.add_writer(fd, [&channel, fd] { channel.process(ARES_SOCKET_BAD, fd); });
        } else {
            loop.remove_writer(fd);
        }
    } catch (const std::exception& error) {  // the question ends when its time is up
        log(LogLevel::warning,
            std::string("a nameserver's answer is not waited for: ") + error.what());
    }
}

void DnsChannel::process(int readable, int writable) {
    ares_process_fd(channel_.get(), readable, writable);
}

// c-ares would tell when a question's time is up, but goes through all of them each time.
void DnsChannel::look_at_the_time() {
    timer_is_set_ = true;
    timer_ = loop_.call_later(tick_, [this] {
        process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        timer_is_set_ = false;
        if (is_asking()) look_at_the_time();
    });
}

}  // namespace weft::internal

// SPDX-License-Identifier: Apache-2.0
// Names in the storm: who waits for a name until the answer comes gets the addresses of that name,
// whoever else has asked for it and given up.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storm.hpp"
#include "storms.hpp"

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/nameserver_test.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/task_group.hpp>

namespace weft::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t names_max = 20;
constexpr int port = 80;

std::string address_of(const std::string& number) { return "10.0.0." + number; }

// "17.example" has the address 10.0.0.17; "17.twice.example", too, and it is told twice; nobody
// knows "17.no.example", and nobody tells of "17.silent.example".
std::vector<Bytes> answer_to(const DnsQuery& query) {
    const std::string& name = query.name;
    if (name.find("silent") != std::string::npos) return {};
    DnsReply reply(query);
    if (name.find("no") != std::string::npos) {
        reply.code(3);
    } else if (query.type == record_a) {
        reply.address(address_of(name.substr(0, name.find('.'))));
    }
    if (name.find("twice") == std::string::npos) return {reply.bytes()};
    return {reply.bytes(), reply.bytes()};
}

Coro<void> ask(Player me, Resolver resolver, std::string number, std::string kind) {
    try {
        const auto addresses =
            co_await me.in_haste(resolver.getaddrinfo(number + "." + kind + "example", port));
        me.expect(!addresses || *addresses == std::vector{SocketAddress(address_of(number), port)},
                  "a name has another's address");
        me.expect(!addresses || kind.empty() || kind == "twice.", "a name has an address");
    } catch (const GaiError&) {
        me.expect(kind == "no." || kind == "silent.", "a name has no address");
    }
}

class NameStorm final : public Part {
public:
    [[nodiscard]] std::string name() const override { return "names"; }
    Coro<void> open(Player&) override {
        server_.emplace(co_await Nameserver::start(answer_to));
        resolver_ = Resolver(options(20s, 1h));
    }
    Coro<void> close(Player&) override {
        resolver_.reset();
        server_.reset();
        co_return;
    }

    // Several ask at once, some for the same name.
    Coro<void> round(Player& me) override {
        const Resolver patient = me.dice.one_in(2) ? *resolver_ : Resolver(options(20s, 0s));
        const Resolver hasty = Resolver(options(5ms, 0s));
        if (me.dice.one_in(10)) patient.clear_cache();
        const auto all = [&](TaskGroup& group) {
            for (std::size_t count = 1 + me.dice.up_to(5); count > 0; --count) {
                const std::string number = std::to_string(1 + me.dice.up_to(names_max - 1));
                const std::size_t kind = me.dice.up_to(5);
                group.create_task(kind == 0   ? ask(me.another(), hasty, number, "silent.")
                                  : kind == 1 ? ask(me.another(), patient, number, "no.")
                                  : kind == 2 ? ask(me.another(), patient, number, "twice.")
                                              : ask(me.another(), patient, number, ""));
            }
        };
        co_await TaskGroup::scope(all);
    }

private:
    [[nodiscard]] ResolverOptions options(Delay timeout, Delay cache_time_max) const {
        return {.nameservers = {server_->address()},
                .timeout = timeout,
                .attempts = 1,
                .cache_time_max = cache_time_max};
    }

    std::optional<Nameserver> server_;
    std::optional<Resolver> resolver_;
};

}  // namespace

std::shared_ptr<Part> name_storm() { return std::make_shared<NameStorm>(); }

}  // namespace weft::soak

// SPDX-License-Identifier: Apache-2.0
// tests/soak/storms.hpp - what is done in the storm.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storm.hpp"

#include <weft/runtime/coro.hpp>

namespace weft::soak {

/// One kind of things to do, in one loop: its players do one round after the other.
class Part {
public:
    Part() = default;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    virtual ~Part() = default;

    [[nodiscard]] virtual std::string name() const = 0;
    /// Begins what the players share, such as a server, whose handlers play like `host`.
    [[nodiscard]] virtual Coro<void> open(Player& host) = 0;
    /// Errors: those that nothing in it explains.
    [[nodiscard]] virtual Coro<void> round(Player& me) = 0;
    /// Ends what open() has begun, and waits for its end.
    [[nodiscard]] virtual Coro<void> close(Player& host) = 0;
};

enum class Road { tcp, unix_socket };

/// The sock_ functions.
[[nodiscard]] std::shared_ptr<Part> sock_storm(Road road, const std::string& folder);
/// Streams to a server; protected ones by TLS.
[[nodiscard]] std::shared_ptr<Part> stream_storm(Road road, bool is_protected,
                                                 const std::string& folder);
/// Streams that become protected while they last.
[[nodiscard]] std::shared_ptr<Part> upgrade_storm();
[[nodiscard]] std::shared_ptr<Part> datagram_storm(Road road);
[[nodiscard]] std::shared_ptr<Part> file_storm(const std::string& folder);
[[nodiscard]] std::shared_ptr<Part> process_storm();
[[nodiscard]] std::shared_ptr<Part> name_storm();

}  // namespace weft::soak

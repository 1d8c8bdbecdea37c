// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/connection.hpp - Connection: what answers the requests of one.
#pragma once

namespace bench {

class Connection {
public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    /// Answers what there is. False at the end. `has_ended`: the client sends no more, of which epoll
    /// does not tell again.
    [[nodiscard]] virtual bool serve(bool has_ended) = 0;
};

}  // namespace bench

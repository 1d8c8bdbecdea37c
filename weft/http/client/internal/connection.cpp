// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/connection.hpp>

namespace weft::http::internal {

bool Connection::is_reusable() const noexcept {
    return !writer_.is_closing() && writer_.get_write_buffer_size() == 0 &&
           reader_.buffered().empty() && !reader_.has_eof() && !reader_.exception();
}

void Connection::close() const noexcept {
    writer_.close();
    abort();
}

// It may have been lost with its loop.
void Connection::abort() const noexcept { writer_.abort(); }

}  // namespace weft::http::internal

// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/spare_bytes.hpp>

#include <cstddef>

#include <weft/base/bytes.hpp>

namespace weft::internal {
namespace {

constexpr std::size_t kept_bytes_max = std::size_t{128} * 1024;

// A loop that a static object owns may go on after the thread's own objects are gone.
constinit thread_local bool is_gone = false;

struct Spare {
    Bytes bytes;
    Spare() = default;
    Spare(const Spare&) = delete;
    Spare& operator=(const Spare&) = delete;
    ~Spare() { is_gone = true; }
};

Bytes& of_this_thread() noexcept {
    thread_local Spare spare;
    return spare.bytes;
}

}  // namespace

void lend_spare(Bytes& bytes) noexcept {
    if (!is_gone) bytes.swap(of_this_thread());
}

void take_back_spare(Bytes& bytes) noexcept {
    bytes.clear();
    if (!is_gone && bytes.capacity() <= kept_bytes_max &&
        bytes.capacity() > of_this_thread().capacity()) {
        bytes.swap(of_this_thread());
    }
    Bytes().swap(bytes);  // an assignment would keep the memory
}

}  // namespace weft::internal

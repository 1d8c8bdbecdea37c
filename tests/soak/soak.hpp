// SPDX-License-Identifier: Apache-2.0
// tests/soak/soak.hpp - what the programs of this folder share.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace weft::soak {

using Seconds = std::chrono::duration<double>;

/// What a program says to ctest and scripts/soak that it could not do here.
inline constexpr int skipped = 77;

/// Calls `program` with its only argument, `otherwise` without one, and turns what it throws into a
/// message and an exit code. Where the system has no such backend, it says so.
[[nodiscard]] int run_program(int argc, char** argv, Seconds otherwise, int (*program)(Seconds));

/// WEFT_SOAK_SEED, or another one each time.
[[nodiscard]] std::uint64_t seed();

/// WEFT_BACKEND, or the name of what a loop gets without it.
[[nodiscard]] std::string backend_name();

/// A folder of its own, which goes with it.
class Folder {
public:
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace weft::soak

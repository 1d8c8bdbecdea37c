// SPDX-License-Identifier: Apache-2.0
// weft/testing/descriptors.hpp - how many descriptors the process has, so that a test sees a leak.
#pragma once

#include <cstddef>

namespace weft::testing {

[[nodiscard]] std::size_t open_descriptors();

}  // namespace weft::testing

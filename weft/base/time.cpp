// SPDX-License-Identifier: Apache-2.0
#include <weft/base/time.hpp>

#include <weft/base/exceptions.hpp>

namespace weft {

void Delay::throw_nan() { throw ValueError("Invalid delay: NaN (not a number)"); }

}  // namespace weft

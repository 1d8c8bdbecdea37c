// SPDX-License-Identifier: Apache-2.0
#include <weft/base/check.hpp>

static_assert(false, "on purpose");

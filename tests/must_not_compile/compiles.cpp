// SPDX-License-Identifier: Apache-2.0
#include <weft/base/check.hpp>

int answer() { return 42; }

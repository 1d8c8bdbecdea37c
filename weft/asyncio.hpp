// SPDX-License-Identifier: Apache-2.0
// weft/asyncio.hpp - everything that Python calls asyncio, in one include.
#pragma once

#include <weft/base/check.hpp>

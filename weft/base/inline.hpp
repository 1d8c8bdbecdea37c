// SPDX-License-Identifier: Apache-2.0
// weft/base/inline.hpp - what must vanish into its caller, when the compiler optimizes.
#pragma once

/// Before a function that an `await` consists of. Where nothing is optimized it is a function like
/// any other: a debugger steps over it, and a coroutine, which the compiler copies four times, stays
/// a fifth of the size.
#ifdef __OPTIMIZE__
#define WEFT_ALWAYS_INLINE [[gnu::always_inline]]
#else
#define WEFT_ALWAYS_INLINE
#endif

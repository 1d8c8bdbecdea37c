// SPDX-License-Identifier: Apache-2.0
#include <weft/asyncio.hpp>

#include <cstdio>

int main() {
    weft::check(true, "the installed package links");
    std::puts("an outside project runs with weft");
}

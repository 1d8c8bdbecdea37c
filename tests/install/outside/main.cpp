// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <weft/asyncio.hpp>

int main() {
    weft::check(true, "the installed package links");
    std::puts("an outside project runs with weft");
}

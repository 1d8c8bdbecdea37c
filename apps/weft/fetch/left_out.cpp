// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/fetch/command.hpp>

namespace weft::app {

void add_fetch(CLI::App&, int&) {}

}  // namespace weft::app

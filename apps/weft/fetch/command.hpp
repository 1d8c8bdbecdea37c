// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/command.hpp - `weft fetch`, where this build has weft/http.
#pragma once

#include <CLI/CLI.hpp>

namespace weft::app {

/// Adds the command to `app`, whose parse() runs it if it was called, and then sets `exit_code`. Does
/// nothing in a build without weft/http (left_out.cpp).
void add_fetch(CLI::App& app, int& exit_code);

}  // namespace weft::app

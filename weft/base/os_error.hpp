// SPDX-License-Identifier: Apache-2.0
// weft/base/os_error.hpp - an errno as the exception that Python would raise for it.
#pragma once

#include <string>

namespace weft {

/// Throws the OSError that belongs to `code`: FileNotFoundError for ENOENT, and so on; OSError
/// itself for one that has no type of its own.
///
/// The text is "[Errno 2] No such file or directory: " and `what`, which names the culprit.
/// Spec: PEP 3151.
[[noreturn]] void throw_os_error(int code, const std::string& what);

/// The same with a text in place of the system's: "[Errno 111] " and `text`.
[[noreturn]] void throw_os_error_saying(int code, const std::string& text);

}  // namespace weft

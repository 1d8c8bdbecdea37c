# SPDX-License-Identifier: Apache-2.0
# The compiler: which ones are refused, the language level, warnings, sanitizers.
# Everything is set per directory, so a project that adds weft as a subdirectory
# keeps its own flags.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14
   AND NOT WEFT_ALLOW_OLD_GCC)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} is too old for weft. g++ 12 and 13 silently miscompile "
    "ordinary coroutine code: an aggregate in a co_await expression is destroyed twice. "
    "Use clang 19 (cmake --preset release) or g++ 14 and newer; "
    "WEFT_ALLOW_OLD_GCC=ON takes the risk.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(WEFT_CCACHE ccache)
  if(WEFT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What ccache asks for before it caches what reads a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${WEFT_CCACHE})
    if(WEFT_PRECOMPILE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endif()

# -Wno-missing-…: `{.timeout = 5s}` names what it means and leaves the rest to its default.
# -Wno-invalid-offsetof: of classes with bases and private members, the standard leaves offsetof to
# the compiler, and both give it where no base is virtual (weft/runtime/debug_table.hpp).
set(weft_compile_options
  -Wall -Wextra -Wpedantic -Wshadow -Woverloaded-virtual -Wno-invalid-offsetof
  -Wimplicit-fallthrough -Werror=return-type -Werror=unused-result)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  list(APPEND weft_compile_options
    -Werror=dangling -Werror=return-stack-address -Wno-missing-designated-field-initializers)
else()
  list(APPEND weft_compile_options -Wno-missing-field-initializers)
endif()
if(WEFT_WERROR)
  list(APPEND weft_compile_options -Werror)
endif()
add_compile_options(${weft_compile_options})

# Use after return stays on: a reference into a finished caller is the mistake
# coroutines invite. Leaks, races and undefined behaviour end a test at once.
set(weft_test_environment "")
if(WEFT_SANITIZE)
  if(WEFT_SANITIZE STREQUAL "address")
    set(sanitizers address,undefined)
    set(weft_test_environment
      "ASAN_OPTIONS=detect_stack_use_after_return=1:detect_leaks=1:strict_string_checks=1"
      "UBSAN_OPTIONS=print_stacktrace=1")
  elseif(WEFT_SANITIZE STREQUAL "thread")
    set(sanitizers thread)
    set(weft_test_environment "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_CURRENT_LIST_DIR}/tsan_suppressions.txt")
  elseif(WEFT_SANITIZE STREQUAL "fuzz")
    set(sanitizers fuzzer-no-link,address,undefined)
  else()
    message(FATAL_ERROR "WEFT_SANITIZE is '${WEFT_SANITIZE}', not one of: address, thread, fuzz")
  endif()
  set(weft_sanitize_options -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options(${weft_sanitize_options})
  add_link_options(-fsanitize=${sanitizers})

  # Reports name functions only when the symbolizer of the same compiler is found.
  file(REAL_PATH ${CMAKE_CXX_COMPILER} compiler)
  cmake_path(GET compiler PARENT_PATH compiler_dir)
  find_program(WEFT_SYMBOLIZER llvm-symbolizer HINTS ${compiler_dir})
  if(WEFT_SYMBOLIZER)
    cmake_path(GET WEFT_SYMBOLIZER PARENT_PATH symbolizer_dir)
    list(APPEND weft_test_environment "PATH=${symbolizer_dir}:$ENV{PATH}")
  endif()
endif()

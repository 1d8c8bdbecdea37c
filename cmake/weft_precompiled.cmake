# SPDX-License-Identifier: Apache-2.0
#
# weft_precompiled(TARGET)  reads the standard headers precompiled.
# weft_test_program(TARGET [OPTIMIZED])
#                           for what only tests: GoogleTest precompiled too. Not optimized, which
#                           takes a third of the time to compile: the libraries that it tests are.
#                           OPTIMIZED: it is, but under a sanitizer; for tests of what headers hold.
#
# Reading headers is half of a small file's compile time. Each file still names what it includes:
# clang-tidy sees to it. A precompiled header serves only what has its flags, hence several.

set(weft_precompiled_headers
  <algorithm> <array> <atomic> <chrono> <coroutine> <exception> <functional> <memory> <mutex>
  <optional> <ranges> <span> <string> <string_view> <thread> <unordered_map> <variant> <vector>)

# weft_precompile(NAME HEADERS... [OPTIONS...] [LIBS...]): a target that others read.
function(weft_precompile name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;OPTIONS;LIBS")
  add_library(${name} OBJECT ${weft_BINARY_DIR}/precompiled.cpp)
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
endfunction()

if(WEFT_PRECOMPILE)
  file(GENERATE OUTPUT ${weft_BINARY_DIR}/precompiled.cpp CONTENT "")
  weft_precompile(weft_precompiled HEADERS ${weft_precompiled_headers})
  if(WEFT_BUILD_TESTS)
    set(with_gtest ${weft_precompiled_headers} <gtest/gtest.h>)
    weft_precompile(weft_precompiled_tests
      HEADERS ${with_gtest} OPTIONS -O0 LIBS GTest::gtest)
    if(NOT WEFT_SANITIZE)
      weft_precompile(weft_precompiled_optimized_tests HEADERS ${with_gtest} LIBS GTest::gtest)
    endif()
  endif()
endif()

function(weft_precompiled target)
  if(WEFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM weft_precompiled)
  endif()
endfunction()

function(weft_test_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIMIZED" "" "")
  set(header weft_precompiled_tests)
  if(arg_OPTIMIZED AND NOT WEFT_SANITIZE)
    set(header weft_precompiled_optimized_tests)
  else()
    target_compile_options(${target} PRIVATE -O0)
  endif()
  if(WEFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${header})
  endif()
endfunction()

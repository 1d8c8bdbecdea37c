# SPDX-License-Identifier: Apache-2.0
#
# weft_precompiled(TARGET)  reads the standard headers precompiled.
# weft_test_program(TARGET [OF_HEADERS])
#                           for what only tests: GoogleTest precompiled too. Itself it is neither
#                           optimized nor watched for undefined behaviour, which halves the time to
#                           compile it: the libraries that it tests are.
#                           OF_HEADERS: what it tests is in headers, and compiled with it. So it is
#                           optimized, or under a sanitizer watched for all.
#
# Reading headers is half of a small file's compile time. Each file still names what it includes:
# clang-tidy sees to it. A precompiled header serves only what has its flags, hence several.

set(weft_precompiled_headers
  <algorithm> <array> <atomic> <chrono> <coroutine> <exception> <functional> <memory> <mutex>
  <optional> <ranges> <span> <string> <string_view> <thread> <unordered_map> <variant> <vector>)

set(weft_test_options -O0)
set(weft_test_of_headers_options "")
if(WEFT_SANITIZE)
  set(weft_test_options -O0 -fno-sanitize=undefined)
  set(weft_test_of_headers_options -O0)
endif()

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
      HEADERS ${with_gtest} OPTIONS ${weft_test_options} LIBS GTest::gtest)
    weft_precompile(weft_precompiled_tests_of_headers
      HEADERS ${with_gtest} OPTIONS ${weft_test_of_headers_options} LIBS GTest::gtest)
  endif()
endif()

function(weft_precompiled target)
  if(WEFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM weft_precompiled)
  endif()
endfunction()

function(weft_test_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OF_HEADERS" "" "")
  if(arg_OF_HEADERS)
    set(header weft_precompiled_tests_of_headers)
    target_compile_options(${target} PRIVATE ${weft_test_of_headers_options})
  else()
    set(header weft_precompiled_tests)
    target_compile_options(${target} PRIVATE ${weft_test_options})
  endif()
  if(WEFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${header})
  endif()
endfunction()

# SPDX-License-Identifier: Apache-2.0
#
# weft_precompiled(TARGET)  reads the standard headers precompiled.
# weft_test_program(TARGET) for what only tests: GoogleTest precompiled too; not optimized under a
#                           sanitizer, which halves the time to compile it.
#
# Reading headers is half of a small file's compile time. Each file still names what it includes:
# clang-tidy reads it without. A precompiled header serves only what has its flags, hence the two.

set(weft_precompiled_headers
  <algorithm> <array> <atomic> <chrono> <coroutine> <exception> <functional> <memory> <mutex>
  <optional> <ranges> <span> <string> <string_view> <thread> <unordered_map> <variant> <vector>)
set(weft_test_options $<$<BOOL:${WEFT_SANITIZE}>:-O0>)

if(WEFT_PRECOMPILE)
  file(GENERATE OUTPUT ${weft_BINARY_DIR}/precompiled.cpp CONTENT "")
  add_library(weft_precompiled OBJECT ${weft_BINARY_DIR}/precompiled.cpp)
  target_precompile_headers(weft_precompiled PRIVATE ${weft_precompiled_headers})
  if(WEFT_BUILD_TESTS)
    add_library(weft_precompiled_tests OBJECT ${weft_BINARY_DIR}/precompiled.cpp)
    target_precompile_headers(weft_precompiled_tests PRIVATE
      ${weft_precompiled_headers} <gtest/gtest.h>)
    target_compile_options(weft_precompiled_tests PRIVATE ${weft_test_options})
    target_link_libraries(weft_precompiled_tests PRIVATE GTest::gtest)
  endif()
endif()

function(weft_precompiled target)
  if(WEFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM weft_precompiled)
  endif()
endfunction()

function(weft_test_program target)
  target_compile_options(${target} PRIVATE ${weft_test_options})
  if(WEFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM weft_precompiled_tests)
  endif()
endfunction()

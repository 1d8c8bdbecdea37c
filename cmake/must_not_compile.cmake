# SPDX-License-Identifier: Apache-2.0
#
# weft_must_not_compile(NAME file.cpp MESSAGE "regex"): a test that passes only if the compiler
# refuses the file and says something that matches. For mistakes that the types must catch.

function(weft_must_not_compile name source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "MESSAGE;LABEL" "")
  if(NOT arg_MESSAGE)
    message(FATAL_ERROR "weft_must_not_compile(${name}): MESSAGE says which error is meant")
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL must_not_compile)
  endif()
  separate_arguments(flags NATIVE_COMMAND "${CMAKE_CXX_FLAGS}")
  weft_test(${name} LABEL ${arg_LABEL} COMMAND ${CMAKE_COMMAND} "-Dmessage=${arg_MESSAGE}"
    -P ${weft_SOURCE_DIR}/cmake/must_not_compile_run.cmake --
    ${CMAKE_CXX_COMPILER} ${flags} -std=c++23 -fsyntax-only
    ${weft_compile_options} -I${weft_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${source})
endfunction()

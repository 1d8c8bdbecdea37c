# SPDX-License-Identifier: Apache-2.0
#
# weft_module(http/client
#   DEPS    base runtime http/wire     other modules; also what scripts/check_layers.py allows
#   HEADERS session.hpp                public, each compiles alone
#   SOURCES session.cpp internal/x.hpp private; none makes a header-only module
#   LIBS    fmt::fmt                   libraries from outside, private to the sources
#   TESTS   session_test.cpp           one program and one ctest test each: http/client/session_test
#   OPTIMIZED_TESTS                    they are optimized: what they test is in headers
#   FUZZERS session_fuzz.cpp           libFuzzer programs, built by the preset `fuzz` only
#   BENCHES session_bench.cpp)         Google Benchmark programs; the first module that has one adds
#                                      libbenchmark-dev to scripts/packages.txt
#
# makes the target weft::http_client. A library in LIBS is found in weft_dependencies.cmake.

function(weft_module module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIMIZED_TESTS" "" "DEPS;HEADERS;SOURCES;LIBS;TESTS;FUZZERS;BENCHES")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "weft_module(${module}): unexpected ${arg_UNPARSED_ARGUMENTS}"
      "${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  string(REPLACE / _ name ${module})

  if(arg_SOURCES)
    add_library(weft_${name} STATIC ${arg_SOURCES})
    weft_precompiled(weft_${name})
    weft_library(${name} PUBLIC "${arg_DEPS}" ${arg_HEADERS})
    target_link_libraries(weft_${name} PRIVATE ${arg_LIBS})
  else()
    add_library(weft_${name} INTERFACE)
    weft_library(${name} INTERFACE "${arg_DEPS}" ${arg_HEADERS})
    target_link_libraries(weft_${name} INTERFACE ${arg_LIBS})
  endif()

  if(WEFT_BUILD_TESTS)
    set(optimized "")
    if(arg_OPTIMIZED_TESTS)
      set(optimized OPTIMIZED)
    endif()
    foreach(source IN LISTS arg_TESTS)
      cmake_path(GET source STEM stem)
      weft_program(${name} ${source} GTest::gtest_main $<TARGET_NAME_IF_EXISTS:weft::testing>)
      weft_test_program(weft_${name}_${stem} ${optimized})
      weft_test(${module}/${stem} LABEL ${module} COMMAND weft_${name}_${stem})
    endforeach()
  endif()
  if(WEFT_SANITIZE STREQUAL "fuzz")
    foreach(source IN LISTS arg_FUZZERS)
      cmake_path(GET source STEM stem)
      weft_program(${name} ${source} $<TARGET_NAME_IF_EXISTS:weft::testing>)
      weft_fuzzer(weft_${name}_${stem})
    endforeach()
  endif()
  if(WEFT_BUILD_BENCH AND arg_BENCHES)
    find_package(benchmark REQUIRED)
    foreach(source IN LISTS arg_BENCHES)
      weft_program(${name} ${source} benchmark::benchmark_main
        $<TARGET_NAME_IF_EXISTS:weft::testing>)
    endforeach()
  endif()
endfunction()

# weft_umbrella(asyncio DEPS base runtime): weft/asyncio.hpp and the target weft::asyncio. Where a module has
# that name, so that `<weft/http.hpp>` is the header of weft/http and what is below it, TARGET is another one.
function(weft_umbrella name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TARGET" "DEPS")
  if(NOT arg_TARGET)
    set(arg_TARGET ${name})
  endif()
  add_library(weft_${arg_TARGET} INTERFACE)
  weft_library(${arg_TARGET} INTERFACE "${arg_DEPS}" ${name}.hpp)
endfunction()

# weft_test(NAME LABEL label COMMAND ...): ctest with the limits that every test gets.
function(weft_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "COMMAND")
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES
    LABELS "${arg_LABEL}" TIMEOUT 120 ENVIRONMENT "${weft_test_environment}")
endfunction()

# weft_test_on_uring(NAME LABEL label COMMAND ...): the test once more on each tier of io_uring that
# the system has. `@TIER@` in the command becomes the tier's name.
function(weft_test_on_uring name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "COMMAND")
  foreach(tier IN ITEMS io_uring_basic io_uring)
    string(REPLACE @TIER@ ${tier} command "${arg_COMMAND}")
    weft_test(${name}/${tier} LABEL ${arg_LABEL} COMMAND ${command})
    set_property(TEST ${name}/${tier} APPEND PROPERTY ENVIRONMENT WEFT_BACKEND=${tier})
    set_property(TEST ${name}/${tier} PROPERTY
      SKIP_REGULAR_EXPRESSION "WEFT_BACKEND=${tier} cannot be had here")
  endforeach()
endfunction()

# weft_fuzzer(TARGET): a libFuzzer program, which the target `fuzzers` builds.
function(weft_fuzzer target)
  target_link_libraries(${target} PRIVATE -fsanitize=fuzzer)
  weft_precompiled(${target})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${target})
endfunction()

# What a module and an umbrella share: alias, headers, dependencies, installation.
function(weft_library name scope deps)
  list(TRANSFORM deps REPLACE / _)
  list(TRANSFORM deps PREPEND weft::)
  add_library(weft::${name} ALIAS weft_${name})
  set_target_properties(weft_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(weft_${name} ${scope} cxx_std_23)
  target_link_libraries(weft_${name} ${scope} ${deps})
  target_sources(weft_${name} ${scope}
    FILE_SET HEADERS BASE_DIRS ${weft_SOURCE_DIR} FILES ${ARGN})
  install(TARGETS weft_${name} EXPORT weft
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# One program from one file; it lies at weft/<module>/<file without .cpp> of the build folder.
function(weft_program name source)
  cmake_path(GET source STEM stem)
  add_executable(weft_${name}_${stem} ${source})
  set_target_properties(weft_${name}_${stem} PROPERTIES OUTPUT_NAME ${stem})
  target_link_libraries(weft_${name}_${stem} PRIVATE weft::${name} ${ARGN})
endfunction()

# SPDX-License-Identifier: Apache-2.0
# What weft's libraries link: read by this build and by the installed package.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3)
if(NOT TARGET weft::liburing)  # it comes with no package for CMake
  find_path(WEFT_LIBURING_INCLUDE liburing.h REQUIRED)
  find_library(WEFT_LIBURING_LIBRARY uring REQUIRED)
  add_library(weft::liburing UNKNOWN IMPORTED)
  set_target_properties(weft::liburing PROPERTIES
    IMPORTED_LOCATION ${WEFT_LIBURING_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${WEFT_LIBURING_INCLUDE})
endif()

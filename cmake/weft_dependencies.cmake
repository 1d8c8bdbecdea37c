# SPDX-License-Identifier: Apache-2.0
# What weft's libraries link: read by this build and by the installed package.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3)
find_dependency(simdjson 3)

# These come with no package for CMake.
function(weft_find_library name header library)
  if(NOT TARGET weft::${name})
    find_path(WEFT_${name}_INCLUDE ${header} REQUIRED)
    find_library(WEFT_${name}_LIBRARY ${library} REQUIRED)
    add_library(weft::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(weft::${name} PROPERTIES
      IMPORTED_LOCATION ${WEFT_${name}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${WEFT_${name}_INCLUDE})
  endif()
endfunction()
weft_find_library(cares ares.h cares)
weft_find_library(liburing liburing.h uring)
weft_find_library(idn2 idn2.h idn2)
weft_find_library(zlib zlib.h z)
weft_find_library(brotlicommon brotli/types.h brotlicommon)
weft_find_library(brotlidec brotli/decode.h brotlidec)
weft_find_library(brotlienc brotli/encode.h brotlienc)
weft_find_library(zstd zstd.h zstd)
weft_find_library(nghttp2 nghttp2/nghttp2.h nghttp2)
weft_find_library(psl libpsl.h psl)
weft_find_library(re2 re2/re2.h re2)

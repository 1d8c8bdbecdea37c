# SPDX-License-Identifier: Apache-2.0
# What weft's libraries link: read by this build and by the installed package.
include(CMakeFindDependencyMacro)
find_dependency(Threads)

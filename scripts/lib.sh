# SPDX-License-Identifier: Apache-2.0
# Read by the other scripts: goes to the root of the repository and sets how much runs at once.
caller=$PWD
cd "$(dirname "$0")/.."
jobs=${WEFT_JOBS:-$(nproc)}
# Tests wait half of their time.
export CMAKE_BUILD_PARALLEL_LEVEL="$jobs" CTEST_PARALLEL_LEVEL="$((2 * jobs))"

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

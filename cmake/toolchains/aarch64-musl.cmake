# SPDX-License-Identifier: Apache-2.0
#
# 64-bit Arm on musl. tests/cross/fetch prepares the sysroot and prints its path.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/aarch64_sysroot.cmake")
set(NYDUS_MUSL_ROOT "${NYDUS_AARCH64_SYSROOT}")
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")

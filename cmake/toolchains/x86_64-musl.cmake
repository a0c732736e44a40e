# SPDX-License-Identifier: Apache-2.0
#
# This machine's processor. CMAKE_SYSTEM_NAME stays unset: what comes out runs
# here, and tests need no emulator.
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(NYDUS_MUSL_ROOT "")
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")

# SPDX-License-Identifier: Apache-2.0
#
# Where the headers and libraries of 64-bit Arm are, and how its programs run here.

set(NYDUS_AARCH64_SYSROOT "$ENV{NYDUS_AARCH64_SYSROOT}" CACHE PATH
  "Folder that tests/cross/fetch unpacked arm64's packages into")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NYDUS_AARCH64_SYSROOT)
if(NOT IS_DIRECTORY "${NYDUS_AARCH64_SYSROOT}/usr/lib")
  message(FATAL_ERROR "Set NYDUS_AARCH64_SYSROOT to the folder that tests/cross/fetch prints")
endif()

# By its own name: binfmt_misc is often not mounted where builds run.
find_program(NYDUS_QEMU_AARCH64 NAMES qemu-aarch64-static qemu-aarch64)
if(NYDUS_QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${NYDUS_QEMU_AARCH64}" -L "${NYDUS_AARCH64_SYSROOT}")
endif()

set(CMAKE_FIND_ROOT_PATH "${NYDUS_AARCH64_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

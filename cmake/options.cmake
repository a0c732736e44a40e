# SPDX-License-Identifier: Apache-2.0

set(NYDUS_SANITIZERS "" CACHE STRING "Sanitizers for all code, as -fsanitize takes them")
option(NYDUS_FUZZERS "Build the libFuzzer targets (Clang)" OFF)
option(NYDUS_TOOL "Build nydus-overlayctl and the libraries that only it links" ON)
option(NYDUS_TOOL_STATIC
  "Link gflags, libcrypto and libstdc++ into nydus-overlayctl: it starts in half the time" OFF)
option(NYDUS_ABSOLUTE_DEBUG_PATHS
  "Leave the build's folder in debug information, for tools that collect the sources by it" OFF)
set(NYDUS_TOOL_PATH "${CMAKE_INSTALL_FULL_BINDIR}/nydus-overlayctl" CACHE STRING
  "Absolute path at which the mount helper looks for nydus-overlayctl first")

# musl starts fastest, but needs clang, libc++'s headers and musl-dev.
set(_musl_toolchain "${CMAKE_CURRENT_LIST_DIR}/toolchains/${CMAKE_SYSTEM_PROCESSOR}-musl.cmake")
if(EXISTS "${_musl_toolchain}"
   AND EXISTS "/usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl/crt1.o"
   AND EXISTS "/usr/lib/llvm-19/include/c++/v1/expected"
   AND EXISTS "/usr/lib/llvm-19/bin/ld.lld")
  set(_default_libc musl)
else()
  set(_default_libc static)
endif()
set(NYDUS_HELPER_LIBC "${_default_libc}" CACHE STRING
  "What the mount helper links: musl (static), static (the system's libc), shared (NEEDED: libc)")
set_property(CACHE NYDUS_HELPER_LIBC PROPERTY STRINGS musl static shared)
if(NOT NYDUS_HELPER_LIBC MATCHES "^(musl|static|shared)$")
  message(FATAL_ERROR "NYDUS_HELPER_LIBC is '${NYDUS_HELPER_LIBC}', not musl, static or shared")
endif()

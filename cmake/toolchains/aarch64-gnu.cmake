# SPDX-License-Identifier: Apache-2.0
#
# 64-bit Arm on glibc, with the cross compiler of g++-aarch64-linux-gnu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/aarch64_sysroot.cmake")
set(CMAKE_SYSROOT "${NYDUS_AARCH64_SYSROOT}")
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
# Headers have the names in messages that they have where nothing is cross-compiled.
set(CMAKE_CXX_FLAGS_INIT "-ffile-prefix-map=${NYDUS_AARCH64_SYSROOT}=")
# GCC 12 sees bounds exceeded inside its own std::string when it optimises for this processor.
string(APPEND CMAKE_CXX_FLAGS_INIT " -Wno-error=array-bounds -Wno-error=stringop-overflow")

# pkg-config knows nothing of CMAKE_FIND_ROOT_PATH.
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${NYDUS_AARCH64_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR}
  "${NYDUS_AARCH64_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${NYDUS_AARCH64_SYSROOT}/usr/share/pkgconfig")

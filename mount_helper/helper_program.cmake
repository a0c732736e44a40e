# SPDX-License-Identifier: Apache-2.0
#
# The program mount.fuse.nydus-overlayfs, on the C library that NYDUS_HELPER_LIBC names. Its path
# is in NYDUS_HELPER_PROGRAM.
set(_name mount.fuse.nydus-overlayfs)
set(NYDUS_HELPER_PROGRAM "${CMAKE_CURRENT_BINARY_DIR}/${_name}")

# musl is another target platform, so it takes a build of its own; it comes back here with the
# toolchain file, which sets NYDUS_ON_MUSL.
if(NYDUS_HELPER_LIBC STREQUAL "musl" AND NOT NYDUS_ON_MUSL)
  include(ExternalProject)
  set(_build "${CMAKE_CURRENT_BINARY_DIR}/musl")
  ExternalProject_Add(
    helper_on_musl
    SOURCE_DIR "${PROJECT_SOURCE_DIR}"
    BINARY_DIR "${_build}"
    CMAKE_ARGS
      "-DCMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/toolchains/${CMAKE_SYSTEM_PROCESSOR}-musl.cmake"
      "-DCMAKE_BUILD_TYPE=$<CONFIG>"
      "-DCMAKE_COMPILE_WARNING_AS_ERROR=${CMAKE_COMPILE_WARNING_AS_ERROR}"
      "-DNYDUS_TOOL_PATH=${NYDUS_TOOL_PATH}"
      -DBUILD_TESTING=OFF
      -DNYDUS_TOOL=OFF
      -DNYDUS_HELPER_LIBC=musl
    BUILD_ALWAYS ON
    INSTALL_COMMAND
      "${CMAKE_COMMAND}" -E copy_if_different "${_build}/mount_helper/${_name}" "${NYDUS_HELPER_PROGRAM}"
    BUILD_BYPRODUCTS "${_build}/mount_helper/${_name}"
  )
  return()
endif()

add_executable(nydus_helper_program main.cc)
set_target_properties(nydus_helper_program PROPERTIES OUTPUT_NAME "${_name}")
target_link_libraries(nydus_helper_program PRIVATE nydus::mount_helper nydus::hot_path)
target_link_options(nydus_helper_program PRIVATE LINKER:--gc-sections LINKER:--build-id=sha1)
if(NYDUS_ON_MUSL)
  target_sources(nydus_helper_program PRIVATE musl_runtime.cc)
  target_link_options(nydus_helper_program PRIVATE LINKER:--icf=all
    $<$<CONFIG:Release>:LINKER:--strip-debug>)
elseif(NYDUS_HELPER_LIBC STREQUAL "static")
  target_link_options(nydus_helper_program PRIVATE -static)
else()
  target_link_options(nydus_helper_program PRIVATE -static-libstdc++ -static-libgcc -pie)
  set_target_properties(nydus_helper_program PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()

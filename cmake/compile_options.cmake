# SPDX-License-Identifier: Apache-2.0
#
# nydus::project   what all code is compiled with
# nydus::hot_path  on top of it, for the libraries that the mount helper links
include(CheckCXXCompilerFlag)

add_library(nydus_project INTERFACE)
add_library(nydus::project ALIAS nydus_project)
target_compile_features(nydus_project INTERFACE cxx_std_23)
target_include_directories(nydus_project INTERFACE "${PROJECT_SOURCE_DIR}")
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

target_compile_options(nydus_project INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wcast-qual -Wformat=2 -Wundef -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  # Designated initialisers leave members at their defaults on purpose.
  -Wno-missing-field-initializers
  # GCC 12 sees overlaps inside its own std::string (GCC bug 105651, mended in 13).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # The paths in assertions and debug information are those of the tree, wherever it lies.
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}=."
  "$<$<NOT:$<BOOL:${NYDUS_ABSOLUTE_DEBUG_PATHS}>>:-fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.>")

if(NYDUS_SANITIZERS)
  target_compile_options(nydus_project INTERFACE
    "-fsanitize=${NYDUS_SANITIZERS}" -fno-sanitize=vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(nydus_project INTERFACE "-fsanitize=${NYDUS_SANITIZERS}")
endif()

# Hardening. tests/binary holds the table of what each program has against what readelf finds.
target_compile_options(nydus_project INTERFACE
  -fstack-protector-strong -fstack-clash-protection
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},aarch64>:-mbranch-protection=standard>)
if(NOT NYDUS_SANITIZERS)
  target_compile_options(nydus_project INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
target_link_options(nydus_project INTERFACE
  LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

add_library(nydus_hot_path INTERFACE)
add_library(nydus::hot_path ALIAS nydus_hot_path)
target_link_libraries(nydus_hot_path INTERFACE nydus::project)
target_compile_options(nydus_hot_path INTERFACE
  -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections
  -fno-asynchronous-unwind-tables -fno-unwind-tables
  # Fewer pages to fault in weigh as much as faster code in a process that lives 30 microseconds
  # (tests/bench): -Os starts within 1 % of -O2 and saves 30 KB.
  $<$<NOT:$<CONFIG:Debug>>:-Os>)

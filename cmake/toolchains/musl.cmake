# SPDX-License-Identifier: Apache-2.0
#
# Shared half of the musl toolchain files: clang and the headers of libc++ on
# top of the distribution's musl. No compiled C++ library exists for musl there,
# so a program brings the few functions that libc++'s headers leave open.
#
# The including file sets CMAKE_SYSTEM_PROCESSOR and NYDUS_MUSL_ROOT, the folder
# that holds musl-dev, libgcc-N-dev and linux-libc-dev of that processor.

set(NYDUS_LLVM_VERSION 19 CACHE STRING "LLVM release whose clang and libc++ headers are used")
set(NYDUS_JSON_HEADERS /usr/include/nlohmann CACHE PATH "Folder of nlohmann/json's headers")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NYDUS_LLVM_VERSION NYDUS_JSON_HEADERS)

# Told to the project: this is the musl build itself.
set(NYDUS_ON_MUSL TRUE)

set(_processor "${CMAKE_SYSTEM_PROCESSOR}")
set(_llvm "/usr/lib/llvm-${NYDUS_LLVM_VERSION}")
set(_libcxx_headers "${_llvm}/include/c++/v1")
set(_musl_headers "${NYDUS_MUSL_ROOT}/usr/include/${_processor}-linux-musl")
set(_musl_libraries "${NYDUS_MUSL_ROOT}/usr/lib/${_processor}-linux-musl")

file(GLOB _libgcc_candidates "${NYDUS_MUSL_ROOT}/usr/lib/gcc/${_processor}-linux-gnu/*/libgcc.a")
list(SORT _libgcc_candidates COMPARE NATURAL ORDER DESCENDING)
list(APPEND _libgcc_candidates "${NYDUS_MUSL_ROOT}/usr/lib/gcc/libgcc.a")
list(GET _libgcc_candidates 0 _libgcc)

foreach(_file_and_package IN ITEMS
    "${_llvm}/bin/clang++=clang-${NYDUS_LLVM_VERSION}"
    "${_llvm}/bin/ld.lld=lld-${NYDUS_LLVM_VERSION}"
    "${_libcxx_headers}/expected=libc++-${NYDUS_LLVM_VERSION}-dev"
    "${_musl_libraries}/crt1.o=musl-dev"
    "${_libgcc}=libgcc-12-dev (or newer)"
    "${NYDUS_MUSL_ROOT}/usr/include/linux/types.h=linux-libc-dev"
    "${NYDUS_JSON_HEADERS}/json.hpp=nlohmann-json3-dev")
  string(REGEX MATCH "^(.*)=(.*)$" _match "${_file_and_package}")
  if(NOT EXISTS "${CMAKE_MATCH_1}")
    message(FATAL_ERROR
      "The musl build for ${_processor} needs the package ${CMAKE_MATCH_2}: ${CMAKE_MATCH_1} is missing")
  endif()
endforeach()

# glibc's headers lie beside the ones wanted here, hence a folder of links.
set(_linked_headers "${CMAKE_BINARY_DIR}/musl_headers")
file(MAKE_DIRECTORY "${_linked_headers}")
set(_system_headers "${NYDUS_MUSL_ROOT}/usr/include")
file(CREATE_LINK "${NYDUS_JSON_HEADERS}" "${_linked_headers}/nlohmann" SYMBOLIC)
file(CREATE_LINK "${_system_headers}/linux" "${_linked_headers}/linux" SYMBOLIC)
file(CREATE_LINK "${_system_headers}/asm-generic" "${_linked_headers}/asm-generic" SYMBOLIC)
file(CREATE_LINK "${_system_headers}/${_processor}-linux-gnu/asm" "${_linked_headers}/asm" SYMBOLIC)

# The distribution's own nlohmann_json target would add all of /usr/include.
file(WRITE "${_linked_headers}/nlohmann_jsonConfig.cmake" [[
if(NOT TARGET nlohmann_json::nlohmann_json)
  add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
endif()
]])
file(STRINGS "${NYDUS_JSON_HEADERS}/detail/abi_macros.hpp" _json_version
  REGEX "define NLOHMANN_JSON_VERSION_(MAJOR|MINOR|PATCH) ")
list(TRANSFORM _json_version REPLACE "^.*_(MAJOR|MINOR|PATCH) +([0-9]+).*$" "\\2")
list(JOIN _json_version "." _json_version)
include(CMakePackageConfigHelpers)
write_basic_package_version_file("${_linked_headers}/nlohmann_jsonConfigVersion.cmake"
  VERSION "${_json_version}" COMPATIBILITY AnyNewerVersion ARCH_INDEPENDENT)
set(nlohmann_json_DIR "${_linked_headers}" CACHE PATH "nlohmann/json without the rest of /usr/include" FORCE)

set(CMAKE_C_COMPILER "${_llvm}/bin/clang")
set(CMAKE_CXX_COMPILER "${_llvm}/bin/clang++")
set(CMAKE_C_COMPILER_TARGET "${_processor}-linux-musl")
set(CMAKE_CXX_COMPILER_TARGET "${_processor}-linux-musl")

set(_code_flags "-D_GNU_SOURCE -fno-pie -nostdlibinc")
if(_processor STREQUAL "aarch64")
  # libgcc chooses its atomics at start-up with help that only glibc has.
  string(APPEND _code_flags " -mno-outline-atomics")
endif()
set(_header_flags "-isystem ${_musl_headers} -isystem ${_linked_headers}")
set(CMAKE_C_FLAGS_INIT "${_code_flags} ${_header_flags}")
set(CMAKE_CXX_FLAGS_INIT
  "${_code_flags} -nostdinc++ -D_LIBCPP_HAS_MUSL_LIBC=1 -isystem ${_libcxx_headers} ${_header_flags}")

# lld looks into archives named before the objects too, so only the end of
# crti.o's functions has to come last.
string(JOIN " " CMAKE_EXE_LINKER_FLAGS_INIT
  -static -nostdlib -nostartfiles -fuse-ld=lld
  "${_musl_libraries}/crt1.o" "${_musl_libraries}/crti.o" "-L${_musl_libraries}" -lc "${_libgcc}")
set(CMAKE_C_STANDARD_LIBRARIES_INIT "${_musl_libraries}/crtn.o")
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT "${_musl_libraries}/crtn.o")

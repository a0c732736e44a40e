# SPDX-License-Identifier: Apache-2.0

find_package(nlohmann_json 3.11 REQUIRED)
add_library(nydus_json INTERFACE)
add_library(nydus::json ALIAS nydus_json)
target_link_libraries(nydus_json INTERFACE nlohmann_json::nlohmann_json)
# Errors come as return values: parsing stops where nlohmann would throw. The same for all code,
# because two variants of one inline function must not meet in a program.
target_compile_definitions(nydus_json INTERFACE JSON_NOEXCEPTION JSON_NO_IO)

if(NYDUS_TOOL)
  if(NYDUS_TOOL_STATIC)
    set(GFLAGS_SHARED OFF)
    set(OPENSSL_USE_STATIC_LIBS ON)
  endif()
  find_package(gflags 2.2 REQUIRED)
  find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(mount REQUIRED IMPORTED_TARGET mount>=2.36)
  # Beast alone, which is headers.
  find_package(Boost 1.74 REQUIRED)
  # Its headers alone: Debian's target would link a library that throws.
  find_package(tomlplusplus 3.0 REQUIRED)
  add_library(nydus_toml INTERFACE)
  add_library(nydus::toml ALIAS nydus_toml)
  target_include_directories(nydus_toml SYSTEM INTERFACE
    "$<TARGET_PROPERTY:tomlplusplus::tomlplusplus,INTERFACE_INCLUDE_DIRECTORIES>")
  target_compile_definitions(nydus_toml INTERFACE TOML_EXCEPTIONS=0 TOML_HEADER_ONLY=1)
endif()

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()

# SPDX-License-Identifier: Apache-2.0

find_package(nlohmann_json 3.11 REQUIRED)
add_library(nydus_json INTERFACE)
add_library(nydus::json ALIAS nydus_json)
target_link_libraries(nydus_json INTERFACE nlohmann_json::nlohmann_json)

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()

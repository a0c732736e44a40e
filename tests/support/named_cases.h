// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <gtest/gtest.h>

namespace nydus {

// INSTANTIATE_TEST_SUITE_P(..., NameOfCase()): each case is called what its member `name` says.
struct NameOfCase {
  template <typename Case>
  std::string operator()(const testing::TestParamInfo<Case>& info) const {
    return info.param.name;
  }
};

}  // namespace nydus

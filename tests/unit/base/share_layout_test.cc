// SPDX-License-Identifier: Apache-2.0
#include "base/share_layout.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(ShareLayout, HasTheNamesOfTheOption) {
  EXPECT_EQ(ParseShareLayout("go"), ShareLayout::kGo);
  EXPECT_EQ(ParseShareLayout("rs"), ShareLayout::kRust);
  EXPECT_EQ(ParseShareLayout("rust"), std::nullopt);
  EXPECT_EQ(ShareLayoutName(ShareLayout::kRust), "rs");
}

}  // namespace
}  // namespace nydus

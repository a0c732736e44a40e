// SPDX-License-Identifier: Apache-2.0
#include "base/scope_exit.h"

#include <string>

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(ScopeExit, RunsOnceAtTheEndOfTheScope) {
  int runs = 0;
  {
    const ScopeExit undo([&] { ++runs; });
    EXPECT_EQ(runs, 0);
  }
  EXPECT_EQ(runs, 1);
}

TEST(ScopeExit, DoesNotRunAfterRelease) {
  int runs = 0;
  {
    ScopeExit undo([&] { ++runs; });
    undo.Release();
  }
  EXPECT_EQ(runs, 0);
}

TEST(ScopeExit, RunsInReverseOrder) {
  std::string order;
  {
    const ScopeExit first([&] { order += "first "; });
    const ScopeExit second([&] { order += "second "; });
  }
  EXPECT_EQ(order, "second first ");
}

TEST(ScopeExit, RunsOnAnEarlyReturn) {
  int runs = 0;
  const auto leave_early = [&] {
    const ScopeExit undo([&] { ++runs; });
    return runs;
  };
  EXPECT_EQ(leave_early(), 0);
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace nydus

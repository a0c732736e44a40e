// SPDX-License-Identifier: Apache-2.0
#include "base/interruption.h"

#include <cerrno>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/restored_signals.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

class Interruption : public testing::Test {
  RestoredSignals afterwards_;
};

TEST_F(Interruption, SignalsThatAreKeptBackWait) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    HoldEndingSignals();
    EXPECT_THAT(CheckNotInterrupted(), IsOk());
    raise(signal);
    const Result<> checked = CheckNotInterrupted();
    ASSERT_THAT(checked, HasError(ErrorKind::kSystem, "interrupted")) << signal;
    EXPECT_EQ(checked.error().errno_value, EINTR);
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, signal);
    constexpr timespec kNoTime = {};
    EXPECT_EQ(sigtimedwait(&taken, nullptr, &kNoTime), signal);
  }
}

TEST_F(Interruption, WhatTakesBackIsNotInterrupted) {
  HoldEndingSignals();
  raise(SIGTERM);
  {
    const Uninterrupted outer;
    {
      const Uninterrupted inner;
    }
    EXPECT_THAT(CheckNotInterrupted(), IsOk());
  }
  EXPECT_THAT(CheckNotInterrupted(), HasError(ErrorKind::kSystem, "interrupted"));
}

TEST_F(Interruption, SignalsThatAreIgnoredStayIgnored) {
  ASSERT_NE(signal(SIGHUP, SIG_IGN), SIG_ERR);
  HoldEndingSignals();
  raise(SIGHUP);
  EXPECT_THAT(CheckNotInterrupted(), IsOk());
}

}  // namespace
}  // namespace nydus

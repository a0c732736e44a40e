// SPDX-License-Identifier: Apache-2.0
#include "base/interruption.h"

#include <cerrno>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

// Leaves the process with the signals as it found them.
class Interruption : public testing::Test {
 protected:
  Interruption() {
    pthread_sigmask(SIG_SETMASK, nullptr, &old_mask_);
    sigaction(SIGHUP, nullptr, &old_hangup_);
  }

  ~Interruption() override {
    const sigset_t signals = EndingSignals();
    constexpr timespec kNoTime = {};
    while (sigtimedwait(&signals, nullptr, &kNoTime) > 0) {
    }
    sigaction(SIGHUP, &old_hangup_, nullptr);
    pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  }

 private:
  sigset_t old_mask_ = {};
  struct sigaction old_hangup_ = {};
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

TEST_F(Interruption, SignalsThatAreIgnoredStayIgnored) {
  ASSERT_NE(signal(SIGHUP, SIG_IGN), SIG_ERR);
  HoldEndingSignals();
  raise(SIGHUP);
  EXPECT_THAT(CheckNotInterrupted(), IsOk());
}

}  // namespace
}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include "kata/nydusd_claims.h"

#include <unistd.h>

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

// This test's own process stands for a nydusd that somebody else has started.
class NydusdClaims : public testing::Test {
 protected:
  NydusdClaims() {
    Result<ProcessIdentity> process = IdentifyProcess(getpid());
    EXPECT_THAT(process, IsOk());
    if (process) process_ = *process;
  }

  Result<> Claim(const std::string& sandbox) {
    return ClaimNydusd(directories_, process_, sandbox, deadline_);
  }
  Result<bool> Note(const std::string& sandbox) {
    return NoteServed(directories_, process_, sandbox, deadline_);
  }
  Result<> Drop(const std::string& sandbox) {
    return DropUnservedClaim(directories_, sandbox, deadline_);
  }

  TempDir scratch_;
  KataDirectories directories_{.state = scratch_.PathOf("state")};
  ProcessIdentity process_;
  Deadline deadline_ = After(std::chrono::seconds(10));
};

TEST_F(NydusdClaims, ServedNydusdIsNobodysAgain) {
  ASSERT_THAT(Claim("a"), IsOk());
  ASSERT_THAT(Note("a"), IsOk());
  EXPECT_THAT(Claim("a"), HasError(ErrorKind::kMount, "has served sandbox 'a' already"));
  EXPECT_THAT(Claim("b"), HasError(ErrorKind::kMount, "has served sandbox 'a' already"));
}

TEST_F(NydusdClaims, ClaimOfAKilledCallIsTakenOverByItsOwnSandboxAlone) {
  ASSERT_THAT(Claim("a"), IsOk());
  EXPECT_THAT(Claim("a"), IsOk());
  EXPECT_THAT(Claim("b"), HasError(ErrorKind::kMount, "is being given to sandbox 'a'"));
}

TEST_F(NydusdClaims, DroppedOneCanBeClaimedByAnother) {
  ASSERT_THAT(Claim("a"), IsOk());
  EXPECT_THAT(Drop("a"), IsOk());
  EXPECT_THAT(Claim("b"), IsOk());
}

TEST_F(NydusdClaims, DropsNeitherWhatWasServedNorAnotherSandboxsClaim) {
  ASSERT_THAT(Claim("a"), IsOk());
  ASSERT_THAT(Drop("b"), IsOk());
  EXPECT_THAT(Claim("b"), HasError(ErrorKind::kMount, "is being given to sandbox 'a'"));
  ASSERT_THAT(Note("a"), IsOk());
  ASSERT_THAT(Drop("a"), IsOk());
  EXPECT_THAT(Claim("b"), HasError(ErrorKind::kMount, "has served sandbox 'a' already"));
}

TEST_F(NydusdClaims, MountOfASandboxThatClaimedItSinceIsNotOurs) {
  ASSERT_THAT(Claim("a"), IsOk());
  ASSERT_THAT(Drop("a"), IsOk());
  ASSERT_THAT(Claim("b"), IsOk());
  const Result<bool> ours = Note("a");
  ASSERT_THAT(ours, IsOk());
  EXPECT_FALSE(*ours);
  EXPECT_THAT(Drop("b"), IsOk());
}

TEST_F(NydusdClaims, NothingIsDroppedWhereNothingWasClaimed) {
  EXPECT_THAT(Drop("a"), IsOk());
}

}  // namespace
}  // namespace nydus

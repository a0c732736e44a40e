// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/report.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(Report, IsOneLineThatNamesTargetCauseAndHint) {
  const Error error{ErrorKind::kMount, 0, "what: why", "do this"};
  EXPECT_EQ(FormatFailure(error, "/target"),
            "mount.fuse.nydus-overlayfs: /target: what: why (do this)\n");
}

TEST(Report, LeavesOutWhatIsNotKnown) {
  const Error error{ErrorKind::kUsage, 0, "what", ""};
  EXPECT_EQ(FormatFailure(error, ""), "mount.fuse.nydus-overlayfs: what\n");
}

TEST(Report, EscapesTheTarget) {
  const Error error{ErrorKind::kMount, 0, "what", ""};
  EXPECT_EQ(FormatFailure(error, "/a\nb"), "mount.fuse.nydus-overlayfs: /a\\x0ab: what\n");
}

TEST(Report, ExitCodesAreThoseOfMount8) {
  EXPECT_EQ(ExitCodeOf({.kind = ErrorKind::kUsage}), 1);
  EXPECT_EQ(ExitCodeOf({.kind = ErrorKind::kSystem}), 2);
  EXPECT_EQ(ExitCodeOf({.kind = ErrorKind::kInternal}), 4);
  EXPECT_EQ(ExitCodeOf({.kind = ErrorKind::kMount}), 32);
  EXPECT_EQ(ExitCodeOf({.kind = ErrorKind::kUnsupported}), 32);
}

}  // namespace
}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/node.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/result_matchers.h"
#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NodeFiles : public MadeUpNode {};

TEST_F(NodeFiles, ReadsBelowTheRoot) {
  File("/etc/file", "text");
  const auto text = node_.Read("/etc/file", 4);
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "text");
}

TEST_F(NodeFiles, AbsentIsNoError) {
  File("/etc/file", "text");
  for (const char* path : {"/absent", "/absent/file", "/etc/file/below"}) {
    const auto text = node_.Read(path, 10);
    ASSERT_THAT(text, IsOk()) << path;
    EXPECT_EQ(*text, std::nullopt);
  }
}

TEST_F(NodeFiles, OneByteOverTheLimitIsAnError) {
  File("/etc/file", "text");
  EXPECT_THAT(node_.Read("/etc/file", 3), HasError(ErrorKind::kSystem, "longer than 3 bytes"));
}

TEST_F(NodeFiles, AFifoIsNeitherReadNorWaitedFor) {
  ASSERT_EQ(mkfifo(Outside("/fifo").c_str(), 0600), 0);
  EXPECT_THAT(node_.Read("/fifo", 10), HasError(ErrorKind::kSystem, "not a regular file"));
}

TEST_F(NodeFiles, LinksNeverLeaveTheRoot) {
  File("/etc/passwd", "of the node");
  Link("/absolute", "/etc/passwd");
  Link("/up", "../../../../../../../etc/passwd");
  for (const char* path : {"/absolute", "/up", "/../etc/passwd"}) {
    const auto text = node_.Read(path, 100);
    ASSERT_THAT(text, IsOk()) << path;
    EXPECT_EQ(*text, "of the node") << path;
  }
}

TEST_F(NodeFiles, LinksAreResolvedWithinTheRoot) {
  File("/data/nydus/file", "");
  Link("/var/lib", "/data");
  EXPECT_EQ(node_.Resolve("/var/lib/nydus"), "/data/nydus");
  EXPECT_EQ(node_.Resolve("/var/absent"), "/var/absent");
}

TEST_F(NodeFiles, NamesAreSorted) {
  File("/d/b", "");
  File("/d/a", "");
  EXPECT_THAT(node_.List("/d"), ElementsAre("a", "b"));
  EXPECT_THAT(node_.List("/absent"), IsEmpty());
  EXPECT_THAT(node_.List("/d/a"), IsEmpty());
}

TEST_F(NodeFiles, LinksTellTheirTarget) {
  Link("/link", "some where");
  File("/file", "");
  EXPECT_EQ(node_.LinkTarget("/link"), "some where");
  EXPECT_EQ(node_.LinkTarget("/file"), std::nullopt);
  EXPECT_EQ(node_.LinkTarget("/absent"), std::nullopt);
}

TEST_F(NodeFiles, AMissingRootIsAnError) {
  EXPECT_THAT(NodeView::Open(Outside("/absent")), HasError(ErrorKind::kSystem, "absent"));
}

}  // namespace
}  // namespace nydus

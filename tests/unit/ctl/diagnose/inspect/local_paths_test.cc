// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/text.h"
#include "ctl/diagnose/inspect/inspection.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/snapshot/rafs/images.h"

namespace nydus {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using State = PathReport::State;

class LocalPaths : public testing::Test {
 protected:
  std::string Directory(std::string_view name) {
    const std::string path = directory_.PathOf(name);
    mkdir(path.c_str(), 0755);
    return path;
  }

  static Inspection InspectHere(const std::string& options) {
    const MountText text{.form = "test", .target = "/t", .options = options};
    Inspection inspection = Inspect(text, {});
    LookAtPaths(FindPaths(text), inspection);
    return inspection;
  }

  static std::string ExtraOptionOf(const std::string& bootstrap, std::string_view version) {
    return StrCat("extraoption=",
                  EncodeBase64(StrCat(R"({"source":")", bootstrap,
                                      R"(","config":"{}","snapshotdir":"/none","fs_version":")",
                                      version, R"("})")));
  }

  static PathReport PathWithRole(const Inspection& inspection, std::string_view role) {
    const auto found = std::ranges::find(inspection.paths, role, &PathReport::role);
    EXPECT_NE(found, inspection.paths.end()) << role;
    return found == inspection.paths.end() ? PathReport() : *found;
  }

  TempDir directory_;
};

TEST_F(LocalPaths, SayWhichDirectoryIsMissing) {
  const std::string here = Directory("here");
  const std::string gone = directory_.PathOf("gone");
  const Inspection inspection = InspectHere(StrCat("lowerdir=", here, ":", gone));
  EXPECT_EQ(PathWithRole(inspection, "lower directory 1 of 2").state, State::kDirectory);
  EXPECT_EQ(PathWithRole(inspection, "lower directory 2 of 2").state, State::kMissing);
  EXPECT_THAT(inspection.hints, testing::ElementsAre(StrCat(
                                    "on this machine lower directory 2 of 2 is missing: ", gone)));
  EXPECT_TRUE(inspection.bad);
}

TEST_F(LocalPaths, BlameNothingOnAMachineWithoutAnyOfThem) {
  const Inspection inspection =
      InspectHere(StrCat("lowerdir=", directory_.PathOf("a"), ":", directory_.PathOf("b")));
  EXPECT_THAT(inspection.hints, IsEmpty());
  EXPECT_FALSE(inspection.bad);
}

TEST_F(LocalPaths, SayThatALayerIsNoDirectory) {
  const std::string file = directory_.Write("file", "");
  const Inspection inspection = InspectHere(StrCat("lowerdir=", Directory("d"), ":", file));
  EXPECT_EQ(PathWithRole(inspection, "lower directory 2 of 2").state, State::kUnusable);
  EXPECT_THAT(inspection.hints, testing::ElementsAre(HasSubstr("Not a directory")));
}

TEST_F(LocalPaths, TellTheKindOfTheBootstrap) {
  const std::string bootstrap = directory_.Write("image.boot", images::RafsV6());
  const Inspection inspection = InspectHere(ExtraOptionOf(bootstrap, "v6"));
  const PathReport path = PathWithRole(inspection, "bootstrap of the extra option");
  EXPECT_EQ(path.state, State::kImage);
  EXPECT_EQ(path.detail, "RAFS v6, lz4_block, sha256, blocks of 4096, 2 blobs");
  EXPECT_THAT(inspection.hints, IsEmpty());
}

TEST_F(LocalPaths, SayThatTheVersionIsNotTheBootstraps) {
  const std::string bootstrap = directory_.Write("image.boot", images::RafsV5());
  EXPECT_THAT(InspectHere(ExtraOptionOf(bootstrap, "v6")).hints,
              testing::ElementsAre("fs_version is v6, the bootstrap is RAFS v5"));
}

TEST_F(LocalPaths, SayThatABootstrapIsNone) {
  const std::string bootstrap = directory_.Write("image.boot", "hunter2");
  const Inspection inspection = InspectHere(ExtraOptionOf(bootstrap, "v6"));
  EXPECT_THAT(inspection.hints, testing::ElementsAre(HasSubstr("is no RAFS bootstrap")));
  EXPECT_EQ(PathWithRole(inspection, "bootstrap of the extra option").detail,
            "not an image: it is too short for an image");
}

TEST_F(LocalPaths, FindTheBootstrapBesideALowerDirectory) {
  const std::string layer = Directory("fs");
  Directory("fs/image");
  (void)directory_.Write("fs/image/image.boot", images::RafsV5());
  const std::string mount = Directory("mnt");
  const Inspection inspection = InspectHere(StrCat("lowerdir=", mount, ":", layer));
  EXPECT_THAT(PathWithRole(inspection, "bootstrap of a lower directory").detail,
              HasSubstr("RAFS v5"));
}

TEST_F(LocalPaths, AreNeverReadThroughALinkOrFromADevice) {
  const std::string image = directory_.Write("image", images::RafsV6());
  const std::string link = directory_.PathOf("link");
  ASSERT_EQ(symlink(image.c_str(), link.c_str()), 0);
  const std::string fifo = directory_.PathOf("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {link, fifo, std::string("/dev/zero")}) {
    EXPECT_EQ(PathWithRole(InspectHere(ExtraOptionOf(path, "v6")), "bootstrap of the extra option")
                  .detail,
              "not a regular file")
        << path;
  }
}

TEST_F(LocalPaths, AreAbsolute) {
  EXPECT_THAT(
      InspectHere(ExtraOptionOf("image.boot", "v6") + ",lowerdir=a:b").paths,
      testing::ElementsAre(testing::Field(&PathReport::role, "snapshotdir of the extra option")));
}

}  // namespace
}  // namespace nydus

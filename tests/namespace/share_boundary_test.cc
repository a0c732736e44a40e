// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "kata/share/beneath.h"
#include "kata/share/tree_removal.h"
#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

// A mount in a directory that is reached, or removed, by descriptor.
class ShareBoundary : public MountLab {
 protected:
  // A mount at `name` below the tree, with a file in it.
  std::string MountIn(const std::string& name) {
    const std::string path = Directory("tree/" + name);
    EXPECT_EQ(mount("tmpfs", path.c_str(), "tmpfs", 0, nullptr), 0);
    std::ofstream(path + "/precious") << "x";
    return path;
  }

  void ExpectRefused(const std::string& message) const {
    const std::size_t before = CountMounts();
    const Result<> removed = RemoveTreeBeneath(lab_.get(), "tree");
    ASSERT_THAT(removed, HasError(ErrorKind::kMount, message));
    EXPECT_EQ(removed.error().errno_value, EBUSY);
    EXPECT_EQ(CountMounts(), before);
  }

  static void ExpectUntouched(const std::string& mounted) {
    EXPECT_TRUE(std::filesystem::exists(mounted + "/precious"));
  }

  UniqueFd lab_{open(top_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(ShareBoundary, MountIsNotOpenedInPlaceOfTheDirectory) {
  (void)MountIn("mounted");
  const Result<UniqueFd> opened = OpenBeneath(lab_.get(), "tree/mounted", O_PATH);
  ASSERT_THAT(opened, HasError(ErrorKind::kMount, "'tree/mounted'"));
  EXPECT_EQ(opened.error().errno_value, EXDEV);
  EXPECT_EQ(OpenBeneath(lab_.get(), "tree/mounted/precious", O_PATH).error().errno_value, EXDEV);
  EXPECT_EQ(MakeDirectoryBeneath(lab_.get(), "tree/mounted", 0700).error().errno_value, EXDEV);
}

TEST_F(ShareBoundary, MountIsOpenedWhereItIsAskedFor) {
  (void)MountIn("mounted");
  const UniqueFd tree(open((top_ + "/tree").c_str(), O_PATH | O_CLOEXEC));
  const Result<UniqueFd> opened = OpenMountBeneath(tree.get(), "mounted");
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(faccessat(opened->get(), "precious", F_OK, 0), 0);
}

TEST_F(ShareBoundary, RemovalLeavesAMountAndWhatHoldsIt) {
  const std::string mounted = MountIn("a/b/mounted");
  (void)LayerWithFile("tree/a", "file");
  (void)LayerWithFile("tree/a/b/sibling", "file");
  (void)LayerWithFile("tree/z", "file");
  ExpectRefused("remove 'tree/a/b/mounted'");
  ExpectUntouched(mounted);
  for (const std::string gone : {"a/file", "a/b/sibling", "z"}) {
    EXPECT_FALSE(std::filesystem::exists(top_ + "/tree/" + gone)) << gone;
  }
}

TEST_F(ShareBoundary, RemovalGoesOnWhenTheMountIsGone) {
  const std::string mounted = MountIn("a/mounted");
  ExpectRefused("remove 'tree/a/mounted'");
  ASSERT_EQ(umount(mounted.c_str()), 0);
  EXPECT_THAT(RemoveTreeBeneath(lab_.get(), "tree"), IsOk());
  EXPECT_FALSE(std::filesystem::exists(top_ + "/tree"));
}

TEST_F(ShareBoundary, RemovalDoesNotEmptyAMountInPlaceOfTheTree) {
  const std::string mounted = MountIn(".");
  ExpectRefused("remove 'tree'");
  ExpectUntouched(mounted);
}

TEST_F(ShareBoundary, RemovalLeavesAMountOnAFile) {
  const std::string source = LayerWithFile("source", "file") + "/file";
  const std::string file = LayerWithFile("tree/a", "file") + "/file";
  ASSERT_EQ(mount(source.c_str(), file.c_str(), nullptr, MS_BIND, nullptr), 0);
  ExpectRefused("remove 'tree/a/file'");
  EXPECT_EQ(ReadFile(file), top_ + "/source");
}

TEST_F(ShareBoundary, RemovalLeavesABindOfItsOwnFileSystem) {
  const std::string source = LayerWithFile("source", "precious");
  ASSERT_EQ(mount(source.c_str(), Directory("tree/a/bind").c_str(), nullptr, MS_BIND, nullptr), 0);
  ExpectRefused("remove 'tree/a/bind'");
  ExpectUntouched(source);
}

TEST_F(ShareBoundary, RemovalLeavesAMountDeepBelow) {
  std::string deep = "a";
  for (int level = 0; level < 100; ++level) deep += "/d";
  const UniqueFd inside(open(MountIn(deep).c_str(), O_PATH | O_CLOEXEC));
  const Result<> removed = RemoveTreeBeneath(lab_.get(), "tree");
  ASSERT_THAT(removed, HasError(ErrorKind::kMount, "remove 'tree/"));
  EXPECT_EQ(removed.error().errno_value, EBUSY);
  EXPECT_EQ(faccessat(inside.get(), "precious", F_OK, 0), 0);
}

}  // namespace
}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <set>
#include <thread>
#include <utility>

#include "kata/share/beneath.h"
#include "kata/share/bind_mount.h"
#include "tests/namespace/mount_lab.h"
#include "tests/support/requirement.h"

namespace nydus {
namespace {

using testing::StartsWith;

// The directory of a sandbox, on a shared mount as /run is, and a snapshot outside of it.
class ShareBind : public MountLab {
 protected:
  ShareBind() {
    EXPECT_EQ(mount("tmpfs", share_.c_str(), "tmpfs", 0, nullptr), 0);
    EXPECT_EQ(mount(nullptr, share_.c_str(), nullptr, MS_SHARED, nullptr), 0);
    (void)LayerWithFile("snapshot", "file");
    (void)Directory("share/mounts/c1/snapshotdir");
    (void)Directory("share/shared");
  }

  static UniqueFd Open(const std::string& path) {
    UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
    EXPECT_TRUE(fd.ok()) << path;
    return fd;
  }

  static DetachedBind Detach(const std::string& path) {
    Result<DetachedBind> bind = DetachBind(Open(path).get());
    EXPECT_THAT(bind, IsOk());
    return std::move(*bind);
  }

  static bool CanWrite(const std::string& directory) {
    return std::ofstream(directory + "/written").good();
  }

  // As the guest's view is made.
  [[nodiscard]] std::uint64_t BindView() const {
    const DetachedBind view = Detach(mounts_);
    EXPECT_THAT(AttachBind(view, Open(shared_).get()), IsOk());
    EXPECT_THAT(SetPropagation(view, MS_SLAVE), IsOk());
    EXPECT_THAT(MakeReadOnly(view), IsOk());
    return view.mount_id;
  }

  // As a container's snapshot is handed over.
  [[nodiscard]] std::uint64_t BindSnapshot() const {
    const DetachedBind bind = Detach(snapshot_);
    EXPECT_THAT(AttachBind(bind, Open(place_).get()), IsOk());
    EXPECT_THAT(SetPropagation(bind, MS_SLAVE), IsOk());
    EXPECT_THAT(MakeReadOnly(bind), IsOk());
    return bind.mount_id;
  }

  [[nodiscard]] Result<bool> Unmount(std::uint64_t mount_id) const {
    return UnmountBeneath(Open(share_).get(), mount_id);
  }

  void ExpectNotFound(std::uint64_t mount_id) const {
    const std::size_t before = CountMounts();
    const Result<bool> unmounted = Unmount(mount_id);
    ASSERT_THAT(unmounted, IsOk());
    EXPECT_FALSE(*unmounted);
    EXPECT_EQ(CountMounts(), before);
  }

  void ExpectHidden(std::uint64_t mount_id) const {
    const std::size_t before = CountMounts();
    EXPECT_THAT(Unmount(mount_id), HasError(ErrorKind::kMount, "is hidden by another one"));
    EXPECT_EQ(CountMounts(), before);
  }

  std::string snapshot_ = top_ + "/snapshot";
  std::string share_ = Directory("share");
  std::string mounts_ = share_ + "/mounts";
  std::string shared_ = share_ + "/shared";
  std::string place_ = mounts_ + "/c1/snapshotdir";
  std::string in_view_ = shared_ + "/c1/snapshotdir";
};

TEST_F(ShareBind, ViewIsAReadOnlySlave) {
  (void)BindView();
  const std::vector<MountInfo> views = MountsAt(shared_);
  ASSERT_EQ(views.size(), 1U);
  EXPECT_THAT(views[0].options, StartsWith("ro,"));
  EXPECT_THAT(views[0].propagation, StartsWith("master:"));
  EXPECT_FALSE(CanWrite(shared_));
  EXPECT_TRUE(CanWrite(mounts_));
}

// Why the bind is made read-only once it is attached: the copy in the view is made before.
TEST_F(ShareBind, SnapshotIsWritableInTheViewAlone) {
  (void)BindView();
  (void)BindSnapshot();
  EXPECT_EQ(ReadFile(in_view_ + "/file"), snapshot_);
  EXPECT_TRUE(CanWrite(in_view_));
  EXPECT_FALSE(CanWrite(place_));
  EXPECT_FALSE(CanWrite(shared_ + "/c1"));
  EXPECT_EQ(MountsAt(place_).size(), 1U);
  EXPECT_EQ(MountsAt(in_view_).size(), 1U);
}

TEST_F(ShareBind, ReadOnlyBeforeAttachingIsReadOnlyEverywhere) {
  (void)BindView();
  const DetachedBind bind = Detach(snapshot_);
  ASSERT_THAT(MakeReadOnly(bind), IsOk());
  ASSERT_THAT(SetPropagation(bind, MS_PRIVATE), IsOk());
  ASSERT_THAT(AttachBind(bind, Open(place_).get()), IsOk());
  EXPECT_FALSE(CanWrite(in_view_));
  EXPECT_FALSE(CanWrite(place_));
}

TEST_F(ShareBind, UnmountingTakesTheCopyInTheViewAlong) {
  (void)BindView();
  const std::uint64_t id = BindSnapshot();
  const Result<bool> unmounted = Unmount(id);
  ASSERT_THAT(unmounted, IsOk());
  EXPECT_TRUE(*unmounted);
  EXPECT_TRUE(MountsAt(place_).empty());
  EXPECT_TRUE(MountsAt(in_view_).empty());
}

TEST_F(ShareBind, PrivateBindPropagatesNoMountBelowItAndStillTakesItsCopyAlong) {
  (void)BindView();
  (void)Directory("snapshot/inner");
  const DetachedBind bind = Detach(snapshot_);
  ASSERT_THAT(AttachPrivately(bind, Open(place_).get()), IsOk());
  ASSERT_EQ(MountsAt(in_view_).size(), 1U);
  EXPECT_EQ(*IsShared(Open(place_).get()), false);
  ASSERT_EQ(mount("tmpfs", (place_ + "/inner").c_str(), "tmpfs", 0, nullptr), 0);
  EXPECT_TRUE(MountsAt(in_view_ + "/inner").empty());
  EXPECT_TRUE(MountsAt(snapshot_ + "/inner").empty());
  EXPECT_EQ(*Unmount(bind.mount_id), true);
  EXPECT_TRUE(MountsAt(place_).empty());
  EXPECT_TRUE(MountsAt(in_view_).empty());
}

TEST_F(ShareBind, WithAPrivateParentNothingShowsInTheView) {
  ASSERT_EQ(mount(nullptr, share_.c_str(), nullptr, MS_PRIVATE, nullptr), 0);
  (void)BindView();
  (void)BindSnapshot();
  EXPECT_EQ(MountsAt(place_).size(), 1U);
  EXPECT_TRUE(MountsAt(in_view_).empty());
}

TEST_F(ShareBind, IsSharedTellsTheParentsPropagation) {
  const auto is_shared = [&] { return IsShared(Open(mounts_).get()); };
  EXPECT_EQ(*is_shared(), true);
  ASSERT_EQ(mount(nullptr, share_.c_str(), nullptr, MS_PRIVATE, nullptr), 0);
  EXPECT_EQ(*is_shared(), false);
  ASSERT_EQ(mount(nullptr, share_.c_str(), nullptr, MS_SHARED, nullptr), 0);
  (void)BindView();
  EXPECT_EQ(*IsShared(Open(shared_).get()), false);
}

TEST_F(ShareBind, AMountThatIsNowhereIsNotLookedFor) {
  EXPECT_THAT(IsShared(Detach(snapshot_).fd.get()),
              HasError(ErrorKind::kMount, "does not show mount"));
}

TEST_F(ShareBind, IdOfADetachedBindIsTheIdOfTheAttachedOne) {
  const DetachedBind bind = Detach(snapshot_);
  ASSERT_THAT(AttachBind(bind, Open(place_).get()), IsOk());
  const Result<std::uint64_t> attached = LastingMountId(Open(place_).get());
  ASSERT_THAT(attached, IsOk());
  EXPECT_EQ(*attached, bind.mount_id);
  EXPECT_NE(*LastingMountId(Open(mounts_).get()), bind.mount_id);
}

TEST_F(ShareBind, BindThatWasNotAttachedLeavesNothing) {
  const std::size_t before = CountMounts();
  {
    const DetachedBind bind = Detach(snapshot_);
  }
  EXPECT_EQ(CountMounts(), before);
  EXPECT_EQ(umount(share_.c_str()), 0);
  EXPECT_EQ(mount("tmpfs", share_.c_str(), "tmpfs", 0, nullptr), 0);
}

TEST_F(ShareBind, DoesNotTakeTheMountsBelowTheSource) {
  ASSERT_EQ(mount("tmpfs", Directory("snapshot/inner").c_str(), "tmpfs", 0, nullptr), 0);
  (void)BindSnapshot();
  EXPECT_TRUE(MountsAt(place_ + "/inner").empty());
}

TEST_F(ShareBind, BindsTheVeryDirectoryThatWasOpened) {
  const UniqueFd source = Open(snapshot_);
  ASSERT_EQ(rename(snapshot_.c_str(), (top_ + "/moved").c_str()), 0);
  (void)LayerWithFile("snapshot", "another");
  const Result<DetachedBind> bind = DetachBind(source.get());
  ASSERT_THAT(bind, IsOk());
  ASSERT_THAT(AttachBind(*bind, Open(place_).get()), IsOk());
  EXPECT_EQ(ReadFile(place_ + "/file"), snapshot_);
}

TEST_F(ShareBind, FileIsBoundOnAFile) {
  const std::string file = LayerWithFile("share/mounts/c1", "hosts") + "/hosts";
  const DetachedBind bind = Detach(snapshot_ + "/file");
  ASSERT_THAT(AttachBind(bind, Open(file).get()), IsOk());
  EXPECT_EQ(ReadFile(file), snapshot_);
  EXPECT_EQ(*Unmount(bind.mount_id), true);
  EXPECT_EQ(ReadFile(file), mounts_ + "/c1");
}

TEST_F(ShareBind, PlaceIsOfTheSourcesKind) {
  const UniqueFd directory = Open(mounts_);
  for (const std::string& source : {snapshot_, snapshot_ + "/file"}) {
    const UniqueFd source_fd = Open(source);
    const Result<UniqueFd> place = MakePlaceFor(source_fd.get(), directory.get(), "place", 0750);
    ASSERT_THAT(place, IsOk()) << source;
    EXPECT_EQ(*IsMountedOn(directory.get(), "place"), false);
    const Result<DetachedBind> bind = DetachBind(source_fd.get());
    ASSERT_THAT(bind, IsOk());
    ASSERT_THAT(AttachBind(*bind, place->get()), IsOk());
    EXPECT_EQ(*IsMountedOn(directory.get(), "place"), true);
    EXPECT_EQ(*Unmount(bind->mount_id), true);
    ASSERT_EQ(remove((mounts_ + "/place").c_str()), 0);
  }
}

TEST_F(ShareBind, PlaceIsNeverWhatIsThereAlready) {
  const UniqueFd directory = Open(mounts_);
  (void)Directory("share/mounts/place");
  ASSERT_EQ(symlink("/etc", (mounts_ + "/link").c_str()), 0);
  for (const std::string& source : {snapshot_, snapshot_ + "/file"}) {
    for (const char* name : {"place", "link"}) {
      EXPECT_THAT(MakePlaceFor(Open(source).get(), directory.get(), name, 0750),
                  HasError(ErrorKind::kMount, "File exists"));
    }
  }
}

TEST_F(ShareBind, FileIsNotBoundOnADirectory) {
  EXPECT_THAT(AttachBind(Detach(snapshot_ + "/file"), Open(place_).get()),
              HasError(ErrorKind::kMount, "move_mount"));
}

TEST_F(ShareBind, OtherMountsAreLeftAlone) {
  ExpectNotFound(1);
  (void)BindView();
  const std::uint64_t id = BindSnapshot();
  ExpectNotFound(id + 1000);
  ExpectNotFound(0);
  // The one that the directory itself lies on.
  ExpectNotFound(*LastingMountId(Open(share_).get()));
}

TEST_F(ShareBind, MountsBesideTheDirectoryAreLeftAlone) {
  const std::string beside = Directory("share/mounts-beside");
  const DetachedBind bind = Detach(snapshot_);
  ASSERT_THAT(AttachBind(bind, Open(beside).get()), IsOk());
  EXPECT_EQ(*UnmountBeneath(Open(mounts_).get(), bind.mount_id), false);
  EXPECT_EQ(MountsAt(beside).size(), 1U);
  EXPECT_EQ(*UnmountBeneath(Open(share_).get(), bind.mount_id), true);
}

TEST_F(ShareBind, MountIsFoundWhereAGuestHasMovedIt) {
  const std::uint64_t id = BindSnapshot();
  const std::string moved = mounts_ + "/new\nline \\040";
  ASSERT_EQ(rename((mounts_ + "/c1").c_str(), moved.c_str()), 0);
  ASSERT_EQ(symlink("/etc", (mounts_ + "/c1").c_str()), 0);
  EXPECT_EQ(*Unmount(id), true);
  EXPECT_TRUE(MountsAt(moved + "/snapshotdir").empty());
}

TEST_F(ShareBind, MountThatIsHiddenIsAnErrorAndStays) {
  const std::uint64_t id = BindSnapshot();
  for (const std::string& hider : {place_, mounts_ + "/c1", mounts_}) {
    ASSERT_EQ(mount("tmpfs", hider.c_str(), "tmpfs", 0, nullptr), 0);
    ExpectHidden(id);
    ASSERT_EQ(umount(hider.c_str()), 0);
  }
  EXPECT_EQ(*Unmount(id), true);
}

// To reach the lower one, the one that hides it must go first.
TEST_F(ShareBind, MountsThatHideEachOtherAreAllFound) {
  std::set<std::uint64_t> ids = {BindSnapshot()};
  for (const std::string& name : {place_, mounts_ + "/c1", mounts_}) {
    for (int i = 0; i < 5; ++i) {
      const DetachedBind bind = Detach(snapshot_);
      ASSERT_THAT(AttachBind(bind, Open(name).get()), IsOk());
      ids.insert(bind.mount_id);
    }
  }
  EXPECT_THAT(UnmountBeneath(Open(share_).get(), ids), IsOk());
  EXPECT_TRUE(ids.empty());
  EXPECT_TRUE(MountsAt(place_).empty());
  EXPECT_TRUE(MountsAt(mounts_).empty());
}

TEST_F(ShareBind, OfManyMountsOnlyTheMissingAreLeftOver) {
  const std::uint64_t id = BindSnapshot();
  std::set<std::uint64_t> ids = {0, id, id + 1000};
  EXPECT_THAT(UnmountBeneath(Open(share_).get(), ids), IsOk());
  EXPECT_EQ(ids, (std::set<std::uint64_t>{0, id + 1000}));
  EXPECT_TRUE(MountsAt(place_).empty());
}

// A guest that goes on exchanging the directories must not make it seem gone.
TEST_F(ShareBind, MountThatIsBeingMovedIsNeverTakenForGone) {
  const std::string one = mounts_ + "/c1";
  const std::string two = Directory("share/mounts/c2");
  const DetachedBind other = Detach(snapshot_);
  ASSERT_THAT(AttachBind(other, Open(Directory("share/mounts/c2/snapshotdir")).get()), IsOk());
  const std::jthread guest([&](const std::stop_token& end) {
    while (!end.stop_requested()) {
      (void)renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), RENAME_EXCHANGE);
    }
  });
  for (int i = 0; i < 100; ++i) {
    const DetachedBind bind = Detach(snapshot_);
    ASSERT_THAT(AttachBind(bind, Open(place_).get()), IsOk());
    Result<bool> unmounted = Unmount(bind.mount_id);
    while (!unmounted) unmounted = Unmount(bind.mount_id);
    EXPECT_TRUE(*unmounted);
  }
}

TEST_F(ShareBind, LaterMountOfTheSameSourceIsAnotherMount) {
  const std::uint64_t id = BindSnapshot();
  if (std::in_range<std::int32_t>(id)) {
    NYDUS_SKIP("namespace", "this kernel (before 6.8) uses mount IDs again");
  }
  ASSERT_EQ(*Unmount(id), true);
  EXPECT_NE(BindSnapshot(), id);
  ExpectNotFound(id);
}

// A guest's open file keeps a mount busy.
TEST_F(ShareBind, MountInUseIsDetached) {
  (void)BindView();
  const std::uint64_t id = BindSnapshot();
  const UniqueFd held(open((in_view_ + "/file").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(*Unmount(id), true);
  EXPECT_TRUE(MountsAt(in_view_).empty());
}

}  // namespace
}  // namespace nydus

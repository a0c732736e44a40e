// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/socket_lock.h"

#include <filesystem>

#include <gmock/gmock.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::SizeIs;

class SocketLock : public testing::Test {
 protected:
  SocketLock() {
    std::filesystem::create_directory(directory_.PathOf("one"));
    std::filesystem::create_directory(directory_.PathOf("other"));
    std::filesystem::create_directory_symlink("one", directory_.PathOf("link"));
  }

  [[nodiscard]] std::string In(std::string_view directory, std::string_view name) const {
    return StrCat(directory_.PathOf(directory), "/", name);
  }

  [[nodiscard]] static Result<SocketLocks> Lock(const std::vector<std::string>& sockets) {
    return LockDirectoriesOf(sockets, After(milliseconds(0)));
  }

  TempDir directory_;
};

TEST_F(SocketLock, ExcludesOthersInEitherDirectory) {
  Result<SocketLocks> held = Lock({In("one", "a"), In("other", "b")});
  ASSERT_THAT(held, IsOk());
  EXPECT_THAT(Lock({In("one", "c")}),
              HasError(ErrorKind::kSystem, "another nydusd is being started or stopped in"));
  EXPECT_THAT(Lock({In("other", "c")}), HasError(ErrorKind::kSystem, "being started or stopped"));
  held->clear();
  EXPECT_THAT(Lock({In("other", "c"), In("one", "c")}), IsOk());
}

TEST_F(SocketLock, LeavesNothingLockedIfOneCannotBeHad) {
  const Result<SocketLocks> held = Lock({In("other", "a")});
  EXPECT_THAT(Lock({In("one", "b"), In("other", "b")}), testing::Not(IsOk()));
  EXPECT_THAT(Lock({In("one", "c")}), IsOk());
}

TEST_F(SocketLock, TakesADirectoryOnceByWhateverNames) {
  EXPECT_THAT(*Lock({In("one", "a"), In("one", "b"), In("link", "c")}), SizeIs(1));
}

TEST_F(SocketLock, PassesOverWhatIsNotThere) {
  EXPECT_THAT(*Lock({"", In("missing", "a")}), IsEmpty());
}

}  // namespace
}  // namespace nydus

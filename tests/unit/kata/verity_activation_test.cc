// SPDX-License-Identifier: Apache-2.0
#include "kata/verity_activation.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kata/volumes.h"

namespace nydus {
namespace {

TEST(VerityTable, IsTheKernelsForm) {
  EXPECT_EQ(VerityTable(TarfsVerity()),
            StrCat("0 2361 verity 1 DEVICE DEVICE 512 4096 2361 296 sha256 ", kRootHash, " -"));
}

TEST(VerityTable, CountsSectorsOf512BytesWhateverTheBlocks) {
  DmVerity verity = TarfsVerity();
  verity.data_block_size = 4096;
  verity.data_blocks = 10;
  EXPECT_TRUE(VerityTable(verity).starts_with("0 80 verity "));
}

TEST(VerityTable, BeginsTheTreeBehindASuperblock) {
  DmVerity verity = TarfsVerity();
  verity.no_superblock = false;
  EXPECT_TRUE(VerityTable(verity).contains(" 2361 297 sha256 "));
  verity.hash_block_size = 512;
  EXPECT_TRUE(VerityTable(verity).contains(" 2361 2369 sha256 "));
}

// The kernel's crypto API knows lower case alone.
TEST(VerityTable, NamesTheAlgorithmInLowerCase) {
  DmVerity verity = TarfsVerity();
  verity.hash_algorithm = "SHA256";
  verity.salt = "00ff";
  EXPECT_TRUE(VerityTable(verity).ends_with(StrCat(" sha256 ", kRootHash, " 00ff")));
}

TEST(AgentVerity, TakesAHashAreaThatIsPaddedToAHashBlock) {
  EXPECT_THAT(AgentVerityOptions(TarfsVerity()), IsOk());
}

// The agent counts the data blocks up to the hash area: one more block of the lowest level would
// move the whole tree.
TEST(AgentVerity, RefusesAHashAreaThatMakesItAnotherTree) {
  DmVerity verity = TarfsVerity();
  verity.data_blocks = 2432;  // 19 blocks of 128 digests, full
  verity.hash_offset = 2432 * 512;
  EXPECT_THAT(AgentVerityOptions(verity), IsOk());
  verity.hash_offset += 4096;
  EXPECT_THAT(AgentVerityOptions(verity), HasError(ErrorKind::kUsage, "too far behind the data"));
}

TEST(AgentVerity, RefusesATreeThatIsOnlyARootHash) {
  DmVerity verity = TarfsVerity();
  verity.data_blocks = 1;
  verity.hash_offset = 4096;
  EXPECT_THAT(AgentVerityOptions(verity), HasError(ErrorKind::kUsage, "too far behind the data"));
}

TEST(AgentVerity, RefusesAHashAreaInTheMiddleOfADataBlock) {
  DmVerity verity = TarfsVerity();
  verity.data_blocks = 1;
  verity.data_block_size = 4096;
  verity.hash_block_size = 512;
  verity.hash_offset = 4608;
  EXPECT_THAT(AgentVerityOptions(verity), HasError(ErrorKind::kUsage, "multiple of blocksize"));
}

TEST(Superblock, ThatIsRuledOutIsNotLookedFor) {
  DmVerity verity = TarfsVerity();
  EXPECT_THAT(SettleSuperblock("/no/such/image", verity), IsOk());
  EXPECT_TRUE(verity.no_superblock);
}

TEST(Superblock, OfAnImageThatCannotBeReadIsAnError) {
  DmVerity verity = TarfsVerity();
  verity.no_superblock = false;
  EXPECT_THAT(SettleSuperblock("/no/such/image", verity),
              HasError(ErrorKind::kUsage, "source: No such file"));
}

TEST(Superblock, IsNotLookedForInWhatIsNoImage) {
  const TempDir directory;
  DmVerity verity = TarfsVerity();
  verity.no_superblock = false;
  const std::string pipe = directory.PathOf("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, directory.path(), std::string("/dev/null")}) {
    EXPECT_THAT(SettleSuperblock(path, verity), HasError(ErrorKind::kUsage, "is neither")) << path;
  }
}

TEST(Superblock, OfAnImageWithoutTheHashAreaIsAnError) {
  const TempDir directory;
  DmVerity verity = TarfsVerity();
  verity.no_superblock = false;
  const std::string path = directory.Write("image", "short");
  EXPECT_THAT(SettleSuperblock(path, verity), HasError(ErrorKind::kUsage, "ends before"));
  verity.hash_offset = ~std::uint64_t{4095};
  EXPECT_THAT(SettleSuperblock(path, verity), HasError(ErrorKind::kUsage, "ends before"));
}

}  // namespace
}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/format.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "base/scope_exit.h"
#include "image_lab.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;

// What veritysetup 2.6.1 says of ImageLab::Data(300).
struct Reference {
  std::string name;
  VerityParameters parameters;
  std::uint64_t hash_blocks;
  std::string root_hash;
};

class FormatLikeVeritysetup : public testing::TestWithParam<Reference> {};

TEST_P(FormatLikeVeritysetup, GivesItsRootHash) {
  const ImageLab lab;
  const FormattedImage formatted = lab.Format(300, GetParam().parameters);
  EXPECT_EQ(ToHex(formatted.root_hash), GetParam().root_hash);
  EXPECT_EQ((formatted.layout.tree_end - formatted.layout.tree_begin) /
                GetParam().parameters.hash_block_size,
            GetParam().hash_blocks);
  EXPECT_EQ(ReadFile(lab.PathOf("image")).size(), formatted.layout.tree_end);
  EXPECT_TRUE(ReadFile(lab.PathOf("image")).starts_with(ImageLab::Data(300)));
}

INSTANTIATE_TEST_SUITE_P(
    All, FormatLikeVeritysetup,
    testing::Values(
        Reference{
            "Default", {}, 4, "872d5b2106328d75f0a5546fb5add3e7e7012e914227f5ff0386d6cf94add41e"},
        Reference{"Salted",
                  {.salt = std::string("\x00\x11\x22\x33", 4)},
                  4,
                  "fca620ae7eb7ea010664309131667611e74de8aaff9b1bf7d4fd549e717c1d53"},
        Reference{"Sha1",
                  {.algorithm = HashAlgorithm::kSha1, .salt = "\xff"},
                  4,
                  "2bdf1cc5fcd333d4e4b6d242151eed61522df0be"},
        Reference{
            "Sha512InSmallBlocks",
            {.algorithm = HashAlgorithm::kSha512, .data_block_size = 512, .hash_block_size = 512},
            344,
            "94183ab0af5027fd693ac9c0fd84a653dcc3c0b5e61e8e38ddb3731f2ab8a558"
            "09895899b1ec0ad7e5ef3f0e3e7d3d0d4a3232e6ff772c409b75a5d6e24acd0c"},
        Reference{"HashType0",
                  {.hash_type = 0,
                   .algorithm = HashAlgorithm::kSha1,
                   .salt = "\xff",
                   .data_block_size = 512,
                   .hash_block_size = 1024},
                  79,
                  "677e81fe3edf854dfe515e03649d7e3628f0d1f5"},
        Reference{"AsNydusImageDoes",
                  {.data_block_size = 512},
                  20,
                  "1286a2b0fd2c551caa8cdf63b1339b62432d9c266e47272b046cb04139a660cf"}),
    NameOfCase());

TEST(FormatImage, PutsTheTreeAtTheNextHashBlockBehindTheData) {
  const ImageLab lab;
  const std::string image = lab.WriteImage(ImageLab::Data(3).substr(0, 9 * 512));
  const auto formatted = FormatImage({.data = image}, {.data_block_size = 512}, {});
  ASSERT_THAT(formatted, IsOk());
  EXPECT_EQ(formatted->parameters.data_blocks, 9U);
  EXPECT_EQ(formatted->parameters.hash_offset, 8192U);
}

TEST(FormatImage, TellsTwoNamesOfOneFile) {
  const ImageLab lab;
  const std::string image = lab.WriteImage(ImageLab::Data(3));
  ASSERT_EQ(symlink(image.c_str(), lab.PathOf("link").c_str()), 0);
  const auto formatted = FormatImage({.data = image, .hashes = lab.PathOf("link")}, {}, {});
  ASSERT_THAT(formatted, IsOk());
  EXPECT_EQ(formatted->parameters.hash_offset, 3 * 4096U);
}

TEST(FormatImage, WritesAHashFileOfItsOwn) {
  const ImageLab lab;
  const std::string image = lab.WriteImage(ImageLab::Data(3));
  const VerityParameters parameters{.uuid = VerityUuid{1}};
  const auto formatted =
      FormatImage({.data = image, .hashes = lab.PathOf("hashes")}, parameters, {});
  ASSERT_THAT(formatted, IsOk());
  EXPECT_EQ(ReadFile(image), ImageLab::Data(3));
  EXPECT_EQ(ReadFile(lab.PathOf("hashes")).size(), 8192U);
  EXPECT_TRUE(ReadFile(lab.PathOf("hashes")).starts_with("verity"));
  EXPECT_THAT(lab.Files(), ElementsAre("hashes", "image"));
}

TEST(FormatImage, ReplacesAHashFileBehindALink) {
  const ImageLab lab;
  const VerityPaths paths{.data = lab.WriteImage(ImageLab::Data(3)), .hashes = lab.PathOf("link")};
  const VerityParameters parameters{.uuid = VerityUuid{1}};
  ASSERT_THAT(FormatImage({.data = paths.data, .hashes = lab.PathOf("hashes")}, parameters, {}),
              IsOk());
  const std::string before = ReadFile(lab.PathOf("hashes"));
  ASSERT_EQ(symlink("hashes", paths.hashes.c_str()), 0);
  ASSERT_THAT(FormatImage(paths, {.salt = "new"}, {}), IsOk());
  EXPECT_NE(ReadFile(lab.PathOf("hashes")), before);
  struct stat status = {};
  ASSERT_EQ(lstat(paths.hashes.c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST(FormatImage, ReplacesAnEmptyHashFile) {
  const ImageLab lab;
  const VerityPaths paths{.data = lab.WriteImage(ImageLab::Data(3)),
                          .hashes = lab.PathOf("hashes")};
  ASSERT_EQ(close(creat(paths.hashes.c_str(), 0666)), 0);
  ASSERT_THAT(FormatImage(paths, {}, {}), IsOk());
  EXPECT_EQ(ReadFile(paths.hashes).size(), 4096U);
}

TEST(FormatImage, KeepsTheModeAndOwnerOfAHashFile) {
  const ImageLab lab;
  const VerityPaths paths{.data = lab.WriteImage(ImageLab::Data(3)),
                          .hashes = lab.PathOf("hashes")};
  ASSERT_EQ(close(creat(paths.hashes.c_str(), 0666)), 0);
  // Only root can give files away.
  const bool is_root = geteuid() == 0;
  const uid_t owner = is_root ? 1234 : geteuid();
  const gid_t group = is_root ? 2345 : getegid();
  ASSERT_EQ(chown(paths.hashes.c_str(), owner, group), 0);
  ASSERT_EQ(chmod(paths.hashes.c_str(), 0604), 0);
  ASSERT_THAT(FormatImage(paths, {}, {}), IsOk());
  struct stat status = {};
  ASSERT_EQ(stat(paths.hashes.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFREG | 0604U);
  EXPECT_EQ(status.st_uid, owner);
  EXPECT_EQ(status.st_gid, group);
}

TEST(FormatImage, KeepsWhatLiesInFrontOfTheHashArea) {
  const ImageLab lab;
  const std::string image = lab.WriteImage(ImageLab::Data(3));
  const auto first = FormatImage({.data = image, .hashes = lab.PathOf("hashes")}, {}, {});
  ASSERT_THAT(first, IsOk());
  const std::string before = ReadFile(lab.PathOf("hashes"));
  const auto second = FormatImage({.data = image, .hashes = lab.PathOf("hashes")},
                                  {.salt = "other", .hash_offset = 8192}, {});
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE(ReadFile(lab.PathOf("hashes")).starts_with(before));
}

TEST(FormatImage, OfOneBlockHasItsDigestAsRootHash) {
  const ImageLab lab;
  const FormattedImage formatted = lab.Format(1, {.hash_type = 1});
  EXPECT_EQ(ReadFile(lab.PathOf("image")), ImageLab::Data(1));
  EXPECT_EQ(lab.Verify(formatted), VerityVerdict());
}

TEST(FormatImage, ReportsProgressUpToTheEnd) {
  const ImageLab lab;
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  const auto formatted = FormatImage({.data = lab.WriteImage(ImageLab::Data(3))}, {},
                                     {.progress = [&](std::uint64_t done, std::uint64_t total) {
                                       last = done;
                                       all = total;
                                     }});
  ASSERT_THAT(formatted, IsOk());
  EXPECT_EQ(last, 3 * 4096U);
  EXPECT_EQ(all, 4 * 4096U);
}

// Each leaves the directory as it was.
class FormatFails : public testing::Test {
 protected:
  void ExpectNothingLeft() {
    EXPECT_THAT(lab_.Files(), ElementsAre("image"));
    EXPECT_TRUE(ReadFile(image_) == data_);  // not EXPECT_EQ, which would print megabytes
  }

  ImageLab lab_;
  std::string data_ = ImageLab::Data(300);
  std::string image_ = lab_.WriteImage(data_);
};

TEST_F(FormatFails, IfTheHashAreaLiesInTheData) {
  EXPECT_THAT(FormatImage({.data = image_}, {.data_blocks = 300, .hash_offset = 4096}, {}),
              HasError(ErrorKind::kUsage, "hash offset: 4096 lies in the data"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfSomethingLiesInTheHashArea) {
  EXPECT_THAT(FormatImage({.data = image_}, {.data_blocks = 10, .hash_offset = 40960}, {}),
              HasError(ErrorKind::kUsage, "hash offset: the file goes beyond 40960, to 1228800"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfTheImageHasATreeAlready) {
  for (const VerityParameters& parameters :
       {VerityParameters{}, VerityParameters{.data_block_size = 512},
        VerityParameters{.data_block_size = 512, .hash_block_size = 1024}}) {
    for (const std::uint64_t blocks : {1U, 2U, 3U, 299U, 300U}) {
      image_ = lab_.WriteImage(ImageLab::Data(blocks));
      VerityParameters again = parameters;
      again.uuid = VerityUuid{1};
      ASSERT_THAT(FormatImage({.data = image_}, again, {}), IsOk());
      data_ = ReadFile(image_);
      again.salt = "other";
      EXPECT_THAT(FormatImage({.data = image_}, again, {}),
                  HasError(ErrorKind::kUsage, "/image: has a hash tree already"));
      ExpectNothingLeft();
    }
  }
}

TEST_F(FormatFails, IfTheDataIsCutOff) {
  EXPECT_THAT(
      FormatImage({.data = image_, .hashes = lab_.PathOf("hashes")}, {.data_blocks = 301}, {}),
      HasError(ErrorKind::kUsage,
               "data blocks: 301 of 4096 bytes end at 1232896, the file at 1228800"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfTheDataIsNoWholeBlocks) {
  data_ = data_.substr(1);
  image_ = lab_.WriteImage(data_);
  EXPECT_THAT(
      FormatImage({.data = image_}, {}, {}),
      HasError(ErrorKind::kUsage, "data blocks: 1228799 bytes are no whole blocks of 4096"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfThereIsNoData) {
  data_ = {};
  image_ = lab_.WriteImage(data_);
  EXPECT_THAT(FormatImage({.data = image_}, {}, {}),
              HasError(ErrorKind::kUsage, "/image: data blocks: there are none"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfTheCountOverflows) {
  EXPECT_THAT(FormatImage({.data = image_}, {.data_blocks = UINT64_MAX}, {}),
              HasError(ErrorKind::kUsage, "data blocks: its end is above 2^63 - 1"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfTheFileCannotGrow) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit{.rlim_cur = data_.size() + 100, .rlim_max = before.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const ScopeExit restore([&] {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_handler);
  });
  EXPECT_THAT(FormatImage({.data = image_}, {}, {}),
              HasError(ErrorKind::kSystem, "image: File too large"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfItIsInterruptedBehindTheData) {
  std::stop_source stop;
  const VerityControl control{.progress = [&](auto...) { stop.request_stop(); },
                              .stop = stop.get_token()};
  EXPECT_THAT(FormatImage({.data = image_}, {}, control),
              HasError(ErrorKind::kSystem, "interrupted"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfItIsInterruptedInAFileOfItsOwn) {
  std::stop_source stop;
  const VerityControl control{.progress = [&](auto...) { stop.request_stop(); },
                              .stop = stop.get_token()};
  EXPECT_THAT(FormatImage({.data = image_, .hashes = lab_.PathOf("hashes")}, {}, control),
              HasError(ErrorKind::kSystem, "interrupted"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfTheDataShrinksMeanwhile) {
  bool shrunk = false;
  const VerityControl control{.progress = [&](auto...) {
    if (!shrunk) shrunk = truncate(image_.c_str(), 4096) == 0;
  }};
  EXPECT_THAT(FormatImage({.data = image_, .hashes = lab_.PathOf("hashes")}, SmallTree(), control),
              HasError(ErrorKind::kSystem, "cannot be read: the file has become shorter"));
  EXPECT_TRUE(shrunk);
  EXPECT_THAT(lab_.Files(), ElementsAre("image"));
}

TEST_F(FormatFails, IfTheDirectoryIsMissing) {
  EXPECT_THAT(FormatImage({.data = image_, .hashes = lab_.PathOf("no/hashes")}, {}, {}),
              HasError(ErrorKind::kSystem, "no/hashes: No such file or directory"));
  ExpectNothingLeft();
}

TEST_F(FormatFails, IfAnotherKindOfFileWouldBeReplaced) {
  for (const std::string& content : {std::string("notes"), std::string("verity formats\n")}) {
    const std::string other = lab_.PathOf("other");
    std::ofstream(other) << content;
    EXPECT_THAT(
        FormatImage({.data = image_, .hashes = other}, {.uuid = VerityUuid{1}}, {}),
        HasError(ErrorKind::kUsage, "other: exists, and does not begin with a verity superblock"));
    EXPECT_EQ(ReadFile(other), content);
    EXPECT_THAT(lab_.Files(), ElementsAre("image", "other"));
  }
}

TEST_F(FormatFails, IfTheHashFileIsADanglingLink) {
  ASSERT_EQ(symlink("nowhere", lab_.PathOf("link").c_str()), 0);
  EXPECT_THAT(FormatImage({.data = image_, .hashes = lab_.PathOf("link")}, {}, {}),
              HasError(ErrorKind::kUsage, "link: is a link to a file that does not exist"));
  EXPECT_THAT(lab_.Files(), ElementsAre("image", "link"));
}

TEST_F(FormatFails, AndKeepsTheOldHashFile) {
  const VerityPaths paths{.data = image_, .hashes = lab_.PathOf("hashes")};
  ASSERT_THAT(FormatImage(paths, {.uuid = VerityUuid{1}}, {}), IsOk());
  const std::string before = ReadFile(paths.hashes);
  std::stop_source stop;
  const VerityControl control{.progress = [&](auto...) { stop.request_stop(); },
                              .stop = stop.get_token()};
  EXPECT_THAT(FormatImage(paths, {.salt = "new"}, control), HasError(ErrorKind::kSystem, "inter"));
  EXPECT_EQ(ReadFile(paths.hashes), before);
  EXPECT_THAT(lab_.Files(), ElementsAre("hashes", "image"));
}

}  // namespace
}  // namespace nydus

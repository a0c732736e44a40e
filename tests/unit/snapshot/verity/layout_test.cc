// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/layout.h"

#include <gmock/gmock.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

VerityParameters Blocks(std::uint64_t count) {
  return {.data_blocks = count};
}

VerityLayout Layout(const VerityParameters& parameters) {
  return ComputeVerityLayout(parameters).value();
}

TEST(VerityLayout, OfOneBlockHasNoTree) {
  const VerityLayout layout = Layout(Blocks(1));
  EXPECT_THAT(layout.levels, IsEmpty());
  EXPECT_EQ(layout.tree_end, layout.tree_begin);
}

TEST(VerityLayout, FillsOneHashBlockExactly) {
  EXPECT_THAT(Layout(Blocks(128)).levels, ElementsAre(HashLevel{0, 1}));
}

TEST(VerityLayout, BeginsAnotherLevelWithOneBlockMore) {
  EXPECT_THAT(Layout(Blocks(129)).levels, ElementsAre(HashLevel{4096, 2}, HashLevel{0, 1}));
}

TEST(VerityLayout, PutsTheTopLevelFirst) {
  VerityParameters parameters = Blocks(128 * 128 + 1);
  parameters.hash_offset = 1 << 30;
  const VerityLayout layout = Layout(parameters);
  const std::uint64_t begin = 1 << 30;
  EXPECT_EQ(layout.data_end, std::uint64_t{128 * 128 + 1} * 4096);
  EXPECT_THAT(layout.levels, ElementsAre(HashLevel{begin + 3 * 4096, 129},
                                         HashLevel{begin + 4096, 2}, HashLevel{begin, 1}));
  EXPECT_EQ(layout.tree_end, begin + 132 * 4096);
}

TEST(VerityLayout, BeginsAtAWholeHashBlockBehindTheSuperblock) {
  VerityParameters parameters = Blocks(2);
  parameters.uuid = VerityUuid{};
  EXPECT_EQ(Layout(parameters).tree_begin, 4096U);
  parameters.hash_offset = 8192 - 512;
  EXPECT_EQ(Layout(parameters).tree_begin, 8192U);
  parameters.hash_offset = 8192;
  EXPECT_EQ(Layout(parameters).tree_begin, 12288U);
  parameters.hash_block_size = 512;
  EXPECT_EQ(Layout(parameters).tree_begin, 8704U);
}

struct Slots {
  std::string name;
  std::uint32_t hash_type;
  HashAlgorithm algorithm;
  std::uint32_t hash_block_size;
  std::uint32_t slot_bytes;
  std::uint32_t digests_per_block;
};

class DigestSlots : public testing::TestWithParam<Slots> {};

TEST_P(DigestSlots, AreThoseOfTheFormat) {
  const VerityLayout layout = Layout({.hash_type = GetParam().hash_type,
                                      .algorithm = GetParam().algorithm,
                                      .hash_block_size = GetParam().hash_block_size,
                                      .data_blocks = 1});
  EXPECT_EQ(layout.slot_bytes, GetParam().slot_bytes);
  EXPECT_EQ(layout.digests_per_block, GetParam().digests_per_block);
}

INSTANTIATE_TEST_SUITE_P(
    All, DigestSlots,
    testing::Values(Slots{"Sha1", 1, HashAlgorithm::kSha1, 4096, 32, 128},
                    Slots{"Sha1CloseTogether", 0, HashAlgorithm::kSha1, 4096, 20, 128},
                    Slots{"Sha256", 1, HashAlgorithm::kSha256, 4096, 32, 128},
                    Slots{"Sha512", 1, HashAlgorithm::kSha512, 4096, 64, 64},
                    Slots{"Sha512InSmallBlocks", 1, HashAlgorithm::kSha512, 512, 64, 8},
                    Slots{"Sha1InSmallBlocks", 0, HashAlgorithm::kSha1, 512, 20, 16}),
    NameOfCase());

struct Impossible {
  std::string name;
  VerityParameters parameters;
  std::string message;
};

class ImpossibleLayout : public testing::TestWithParam<Impossible> {};

TEST_P(ImpossibleLayout, NamesTheField) {
  EXPECT_THAT(ComputeVerityLayout(GetParam().parameters),
              HasError(ErrorKind::kUsage, GetParam().message));
}

constexpr std::uint64_t kMaxOffset = kMaxFileOffset / 4096 * 4096 - 8192;

INSTANTIATE_TEST_SUITE_P(
    All, ImpossibleLayout,
    testing::Values(
        Impossible{"NoData", {.data_blocks = 0}, "data blocks: there are none"},
        Impossible{"BadFormat", {.hash_block_size = 3, .data_blocks = 1}, "hash block size: 3"},
        Impossible{"DataBeyond64Bits", {.data_blocks = UINT64_MAX}, "data blocks: its end"},
        Impossible{"DataBeyond63Bits", {.data_blocks = 1ULL << 51U}, "data blocks: its end"},
        Impossible{"TreeBeyond63Bits",
                   {.data_blocks = (1ULL << 51U) - 1, .hash_offset = kMaxOffset},
                   "hash tree: its end"},
        Impossible{"OffsetBeyond63Bits",
                   {.data_blocks = 1, .hash_offset = UINT64_MAX - 4095},
                   "hash offset: its end"},
        Impossible{"SuperblockBeyond63Bits",
                   {.data_blocks = 1, .hash_offset = UINT64_MAX - 511, .uuid = VerityUuid{}},
                   "hash offset: its end"},
        Impossible{"UnalignedTree",
                   {.data_blocks = 2, .hash_offset = 4096 + 512},
                   "hash offset: 4608 is no multiple of the hash block size, 4096"},
        Impossible{"UnalignedSuperblock",
                   {.data_blocks = 2, .hash_offset = 4097, .uuid = VerityUuid{}},
                   "hash offset: 4097 is no multiple of 512"}),
    NameOfCase());

TEST(VerityLayout, OfTheMostDataFits) {
  EXPECT_THAT(ComputeVerityLayout(Blocks((1ULL << 51U) - 1)), IsOk());
}

TEST(CheckAreasApart, RefusesATreeInsideTheData) {
  VerityParameters parameters = Blocks(3);
  parameters.hash_offset = 8192;
  EXPECT_THAT(
      CheckAreasApart(parameters, Layout(parameters)),
      HasError(ErrorKind::kUsage, "hash offset: 8192 lies in the data, which ends at 12288"));
  parameters.hash_offset = 12288;
  EXPECT_THAT(CheckAreasApart(parameters, Layout(parameters)), IsOk());
}

}  // namespace
}  // namespace nydus

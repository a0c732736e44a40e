// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "snapshot/payload/payload_policy.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr PayloadPolicy kCompatible = PayloadPolicy::kCompatible;
constexpr PayloadPolicy kStrict = PayloadPolicy::kStrict;
constexpr PayloadPolicy kBothPolicies[] = {kCompatible, kStrict};

constexpr std::string_view kVolume = R"({"volume_type":"image_raw_block","source":"/an.disk"})";

// A change to the canonical base64 text of kVolume, which ends in one padding sign.
struct Encoding {
  const char* name;
  void (*apply)(std::string& text);
  const char* compatible;  // null: accepted
  const char* strict;
};

constexpr Encoding kEncodings[] = {
    {"Canonical", [](std::string&) {}, nullptr, nullptr},
    {"LineFeedAtTheEnd", [](std::string& text) { text += '\n'; }, nullptr,
     "data after the padding at byte 72"},
    {"LineBreakInside", [](std::string& text) { text.insert(8, "\r\n"); }, nullptr,
     "a wrong character at byte 8"},
    {"UnusedBitsSet", [](std::string& text) { ++text[text.size() - 2]; }, nullptr,
     "unused bits are set"},
    {"WithoutPadding", [](std::string& text) { text.pop_back(); }, "missing padding",
     "missing padding"},
    {"WithTooMuchPadding", [](std::string& text) { text += '='; }, "too much padding",
     "too much padding"},
    {"WithDataBehindThePadding", [](std::string& text) { text += "AAAA"; },
     "data after the padding", "data after the padding"},
    {"WithSpaceInFront", [](std::string& text) { text.insert(0, " "); },
     "a wrong character at byte 0", "a wrong character at byte 0"},
    {"OfTheUrlAlphabet", [](std::string& text) { text = "invalid_base64"; }, "a wrong character",
     "a wrong character"},
    {"Empty", [](std::string& text) { text.clear(); }, "not JSON", "not JSON"},
};

class PayloadEncoding : public testing::TestWithParam<Encoding> {
 protected:
  void SetUp() override {
    ASSERT_EQ(text_.find('='), text_.size() - 1);
    GetParam().apply(text_);
  }

  void ExpectVerdict(PayloadPolicy policy, const char* message) const {
    const Result<KataVolume> volume = CheckKataVolume(text_, policy);
    if (message == nullptr) {
      EXPECT_THAT(volume, IsOk());
    } else {
      EXPECT_THAT(volume, HasError(ErrorKind::kUsage, message));
    }
  }

  std::string text_ = EncodeBase64(kVolume);
};

TEST_P(PayloadEncoding, Compatible) {
  ExpectVerdict(kCompatible, GetParam().compatible);
}

TEST_P(PayloadEncoding, Strict) {
  ExpectVerdict(kStrict, GetParam().strict);
}

INSTANTIATE_TEST_SUITE_P(Base64, PayloadEncoding, testing::ValuesIn(kEncodings), NameOfCase());

// kata-types alone takes this volume, and its decoder refuses a line break.
TEST(PayloadEncoding, ALineBreakTurnsAVolumeForKataRustIntoOneForNobody) {
  const std::string text =
      EncodeBase64(R"({"volume_type":"image_guest_pull","source":"x","image_pull":{}})");
  EXPECT_THAT(CheckKataVolume(text, kCompatible), IsOk());
  EXPECT_THAT(CheckKataVolume(text + "\n", kCompatible),
              HasError(ErrorKind::kUsage, "image_pull: metadata: is missing"));
}

constexpr std::size_t kLimit = std::size_t{128} * 1024;

// An extra option of `size` bytes: the configuration fills it up.
std::string OptionOfSize(std::size_t size) {
  const std::string begin = R"({"source":"s","snapshotdir":"d","config":")";
  const std::string end = R"("})";
  return begin + std::string(size - begin.size() - end.size(), 'x') + end;
}

std::string VolumeOfSize(std::size_t size) {
  const std::string begin = R"({"volume_type":"image_raw_block","source":")";
  const std::string end = R"("})";
  return begin + std::string(size - begin.size() - end.size(), 'x') + end;
}

TEST(PayloadSize, Exactly128KiBAreRead) {
  for (const PayloadPolicy policy : kBothPolicies) {
    ASSERT_EQ(OptionOfSize(kLimit).size(), kLimit);
    EXPECT_THAT(CheckExtraOption(EncodeBase64(OptionOfSize(kLimit)), policy), IsOk());
    EXPECT_THAT(CheckKataVolume(EncodeBase64(VolumeOfSize(kLimit)), policy), IsOk());
  }
}

TEST(PayloadSize, OneByteMoreIsRefusedByName) {
  for (const PayloadPolicy policy : kBothPolicies) {
    EXPECT_THAT(CheckExtraOption(EncodeBase64(OptionOfSize(kLimit + 1)), policy),
                HasError(ErrorKind::kUsage, "is longer than 131072 bytes"));
    EXPECT_THAT(CheckKataVolume(EncodeBase64(VolumeOfSize(kLimit + 1)), policy),
                HasError(ErrorKind::kUsage, "is longer than 131072 bytes"));
  }
}

TEST(PayloadSize, TheDecodedTextCountsNotItsBase64) {
  EXPECT_GT(EncodeBase64(OptionOfSize(kLimit)).size(), kLimit);
  const std::string padded = std::string(kLimit - kVolume.size(), ' ') + std::string(kVolume);
  EXPECT_THAT(CheckKataVolume(EncodeBase64(padded), kStrict), IsOk());
  EXPECT_THAT(CheckKataVolume(EncodeBase64(" " + padded), kStrict),
              HasError(ErrorKind::kUsage, "is longer than 131072 bytes"));
}

TEST(PayloadSize, WhatIsFarTooLongIsRefusedWithoutBeingDecoded) {
  EXPECT_THAT(CheckKataVolume(std::string(4'000'000, '-'), kCompatible),
              HasError(ErrorKind::kUsage, "is longer than 131072 bytes"));
}

}  // namespace
}  // namespace nydus

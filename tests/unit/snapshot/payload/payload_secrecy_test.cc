// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "snapshot/payload/payload_policy.h"
#include "tests/support/result_matchers.h"

// Payloads hold registry credentials, and messages end up in logs. Every string, key and number of
// the payloads below carries a marker that no message may show a part of.
namespace nydus {
namespace {

constexpr std::array<std::string_view, 8> kMarkerParts = {"qz", "zx", "xj",   "QZ",
                                                          "ZX", "XJ", "8080", "0808"};

constexpr std::string_view kMarkerWord = "\"qzxj\"";
constexpr std::string_view kMarkerNumber = "80808080";
constexpr std::string_view kMarkerObject = R"({"qzxj":"qzxj","qzxj":[80808080,"qzxj"]})";
constexpr std::string_view kMarkerList = R"(["qzxj",80808080,{"qzxj":-80808080.5}])";

constexpr std::string_view kOption =
    R"({"source":"qzxj","config":"{\"auth\":\"qzxj\"}","snapshotdir":"qzxj","fs_version":"qzxj",)"
    R"("qzxj":"qzxj"})";

constexpr std::string_view kVolume =
    R"({"volume_type":"image_raw_block","source":"qzxj","fs_type":"qzxj","options":["qzxj=qzxj"],)"
    R"("direct_volume":{"metadata":{"qzxj":"qzxj"}},"image_pull":{"metadata":{"qzxj":"qzxj"}},)"
    R"("nydus_image":{"config":"qzxj","snapshot_dir":"qzxj"},"dm_verity":{"hashtype":"qzxj",)"
    R"("hash":"qzxj","blocknum":80808080,"blocksize":80808080,"hashsize":80808080,)"
    R"("offset":80808080,"salt":"qzxj","hash_type":80808080},"qzxj":80808080})";

void ExpectNoMarker(const Error& error) {
  for (const std::string_view part : kMarkerParts) {
    EXPECT_EQ(error.message.find(part), std::string::npos) << error.message;
    EXPECT_EQ(error.hint.find(part), std::string::npos) << error.hint;
  }
}

// Gives `text` to every check and returns how many refused it.
int CheckEverything(std::string_view text) {
  int refused = 0;
  for (const PayloadPolicy policy : {PayloadPolicy::kCompatible, PayloadPolicy::kStrict}) {
    if (const auto option = CheckExtraOption(text, policy); !option) {
      ++refused;
      ExpectNoMarker(option.error());
    }
    if (const auto volume = CheckKataVolume(text, policy); !volume) {
      ++refused;
      ExpectNoMarker(volume.error());
    }
  }
  return refused;
}

int CheckEverythingIn(std::string_view json) {
  return CheckEverything(EncodeBase64(json));
}

TEST(PayloadSecrecy, MessagesAboutBase64RepeatNothing) {
  for (const std::string_view text :
       {"qzxj-qzxj", "qzxjq", "qzx", "qz=j", "qzxj=qzxj", "qzxj====", "=qzxj", "qzx=qzxj",
        "qzxj qzxj", "qzxj,qzxj", "\xFFqzxj", "qzxj\\qzxj"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CheckEverything(text), 4);
  }
}

TEST(PayloadSecrecy, MessagesAboutCutTextRepeatNothing) {
  for (const std::string_view json : {kOption, kVolume}) {
    for (std::size_t length = 0; length < json.size(); ++length) {
      SCOPED_TRACE(length);
      EXPECT_EQ(CheckEverythingIn(json.substr(0, length)), 4);
    }
  }
}

TEST(PayloadSecrecy, MessagesAboutDamagedTextRepeatNothing) {
  constexpr std::string_view kDamage("\0\n\"\\{}[],:\x7F\x80\xFFz0-", 16);
  for (const std::string_view json : {kOption, kVolume}) {
    for (std::size_t at = 0; at < json.size(); ++at) {
      for (const char byte : kDamage) {
        std::string damaged(json);
        damaged[at] = byte;
        CheckEverythingIn(damaged);
      }
    }
  }
}

TEST(PayloadSecrecy, MessagesAboutInsertedTextRepeatNothing) {
  for (const std::string_view inserted :
       {"\\u", "\\ud800", "\\udc00", "\\ud800\\u0041", "\xED\xA0\x80", "80808080", "qzxj",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "/* qzxj */"}) {
    SCOPED_TRACE(Escape(inserted));
    for (const std::string_view json : {kOption, kVolume}) {
      for (std::size_t at = 0; at <= json.size(); ++at) {
        std::string longer(json);
        longer.insert(at, inserted);
        CheckEverythingIn(longer);
      }
    }
  }
}

TEST(PayloadSecrecy, MessagesAboutWrongTypesRepeatNothing) {
  constexpr std::string_view kValues[] = {
      kMarkerWord,   kMarkerNumber, "-80808080", "80808080.80", "808080808080808080808080",
      kMarkerObject, kMarkerList,   "true",      "null"};
  for (const std::string_view before :
       {"", R"("volume_type":"image_raw_block",)", R"("volume_type":"qzxj",)",
        R"("volume_type":"image_guest_pull",)", R"("volume_type":"layer_nydus_fs",)",
        R"("volume_type":"direct_block",)"}) {
    for (const std::string_view key :
         {"source", "config", "snapshotdir", "fs_version", "volume_type", "fs_type", "options",
          "direct_volume", "image_pull", "nydus_image", "dm_verity", "qzxj"}) {
      for (const std::string_view value : kValues) {
        SCOPED_TRACE(StrCat(before, key, " ", value));
        EXPECT_GT(CheckEverythingIn(StrCat("{", before, "\"", key, "\":", value, "}")), 0);
      }
    }
  }
}

TEST(PayloadSecrecy, MessagesAboutWrongTypesInsideRepeatNothing) {
  constexpr std::string_view kValues[] = {
      kMarkerWord,   kMarkerNumber, "-80808080", "80808080.80", "808080808080808080808080",
      kMarkerObject, kMarkerList};
  struct Place {
    std::string_view object;
    std::string_view key;
  };
  for (const Place& place :
       {Place{"direct_volume", "metadata"}, Place{"image_pull", "metadata"},
        Place{"nydus_image", "config"}, Place{"nydus_image", "snapshot_dir"},
        Place{"dm_verity", "hashtype"}, Place{"dm_verity", "hash"}, Place{"dm_verity", "blocknum"},
        Place{"dm_verity", "blocksize"}, Place{"dm_verity", "hashsize"},
        Place{"dm_verity", "offset"}, Place{"dm_verity", "salt"}, Place{"dm_verity", "hash_type"},
        Place{"dm_verity", "no_superblock"}, Place{"dm_verity", "qzxj"}}) {
    for (const std::string_view value : kValues) {
      SCOPED_TRACE(StrCat(place.object, " ", place.key, " ", value));
      EXPECT_GT(CheckEverythingIn(StrCat(R"({"volume_type":"image_raw_block","source":"qzxj",")",
                                         place.object, "\":{\"", place.key, "\":", value, "}}")),
                0);
    }
  }
}

TEST(PayloadSecrecy, MessagesAboutWholeTextsOfAnotherKindRepeatNothing) {
  for (const std::string_view json : {kMarkerWord, kMarkerNumber, kMarkerObject, kMarkerList}) {
    EXPECT_EQ(CheckEverythingIn(json), 4);
  }
}

TEST(PayloadSecrecy, MessagesAboutTooLongTextRepeatNothing) {
  std::string json = R"({"volume_type":"image_raw_block","source":")";
  while (json.size() <= kMaxPayloadBytes) json += "qzxj";
  EXPECT_EQ(CheckEverythingIn(json + "\"}"), 4);
}

}  // namespace
}  // namespace nydus

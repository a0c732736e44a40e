// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/masking.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"

namespace nydus {

void PrintTo(const PayloadField& field, std::ostream* out) {
  *out << field.group << " / " << field.name << " = " << field.value;
}

namespace {

JsonValue Parse(std::string_view json) {
  const Result<JsonValue> value = ParseJson(json);
  EXPECT_THAT(value, IsOk());
  return value ? *value : JsonValue();
}

// JSON text as a string inside other JSON.
std::string Nested(std::string_view json) {
  std::string text = "\"";
  for (const char c : json) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::vector<PayloadField> ShowConfiguration(std::string_view configuration) {
  return ShowExtraOption(Parse(StrCat("{\"config\":", Nested(configuration), "}")));
}

PayloadField OnlyOf(const std::vector<PayloadField>& fields) {
  EXPECT_EQ(fields.size(), 1U);
  return fields.empty() ? PayloadField() : fields[0];
}

TEST(Masking, ShowsWhatIsKnownToBeHarmless) {
  EXPECT_THAT(ShowExtraOption(Parse(R"({"source":"/b","snapshotdir":"/s","fs_version":"v6"})")),
              testing::ElementsAre(PayloadField{"", "source", "/b", false},
                                   PayloadField{"", "snapshotdir", "/s", false},
                                   PayloadField{"", "fs_version", "v6", false}));
}

TEST(Masking, HidesTheValueOfEveryOtherName) {
  EXPECT_EQ(OnlyOf(ShowExtraOption(Parse(R"({"auth":"hunter2"})"))),
            (PayloadField{"", "auth", "(masked, 7 bytes)", true}));
}

TEST(Masking, HidesUnknownNamesToo) {
  EXPECT_EQ(OnlyOf(ShowExtraOption(Parse(R"({"hunter2":"x"})"))),
            (PayloadField{"", "(unknown name, 7 bytes)", "(masked, 1 bytes)", true}));
}

TEST(Masking, OpensTheConfigurationOfNydusd) {
  const auto fields = ShowConfiguration(
      R"({"device":{"backend":{"type":"registry","config":{"host":"h","auth":"hunter2"}}}})");
  EXPECT_THAT(fields,
              testing::ElementsAre(
                  PayloadField{"config.device.backend", "type", "registry", false},
                  PayloadField{"config.device.backend.config", "host", "h", false},
                  PayloadField{"config.device.backend.config", "auth", "(masked, 7 bytes)", true}));
}

TEST(Masking, HidesAConfigurationThatIsNoJson) {
  EXPECT_EQ(OnlyOf(ShowConfiguration("hunter2")),
            (PayloadField{"", "config", "(masked, 7 bytes), no JSON object", true}));
  EXPECT_TRUE(OnlyOf(ShowConfiguration("\"hunter2\"")).masked);
}

TEST(Masking, ShowsAHarmlessNameOnlyInItsPlace) {
  EXPECT_TRUE(OnlyOf(ShowConfiguration(R"({"host":"hunter2"})")).masked);
  EXPECT_TRUE(OnlyOf(ShowExtraOption(Parse(R"({"config":{"source":"hunter2"}})"))).masked);
}

TEST(Masking, IsNotFooledByANameThatLooksLikeAPath) {
  EXPECT_TRUE(OnlyOf(ShowConfiguration(R"({"device.id":"hunter2"})")).masked);
  EXPECT_TRUE(OnlyOf(ShowKataVolume(Parse(R"({"dm_verity.hash":"hunter2"})"))).masked);
  EXPECT_TRUE(OnlyOf(ShowKataVolume(Parse(R"({"options[]":"hunter2"})"))).masked);
}

TEST(Masking, ShowsNumbersWhereNumbersBelong) {
  EXPECT_EQ(OnlyOf(ShowConfiguration(R"({"digest_validate":false})")).value, "false");
  EXPECT_EQ(OnlyOf(ShowConfiguration(R"({"digest_validate":"hunter2"})")).value,
            "(masked, 7 bytes)");
  EXPECT_EQ(OnlyOf(ShowConfiguration(R"({"auth":1234})")).value, "(masked)");
}

TEST(Masking, ShowsLabelsByName) {
  const auto fields = ShowKataVolume(Parse(R"({"image_pull":{"metadata":{
      "containerd.io/snapshot/cri.image-ref":"docker.io/library/busybox:1",
      "containerd.io/snapshot/pullsecret":"hunter2","mine":"hunter2"}}})"));
  EXPECT_THAT(fields,
              testing::ElementsAre(
                  PayloadField{"image_pull.metadata", "containerd.io/snapshot/cri.image-ref",
                               "docker.io/library/busybox:1", false},
                  PayloadField{"image_pull.metadata", "containerd.io/snapshot/pullsecret",
                               "(masked, 7 bytes)", true},
                  PayloadField{"image_pull.metadata", "(unknown name, 4 bytes)",
                               "(masked, 7 bytes)", true}));
}

TEST(Masking, ShowsOptionsOfAVolumeByNameToo) {
  const auto fields = ShowKataVolume(Parse(R"({"options":["ro","hunter2","mine=hunter2",
      "containerd.io/snapshot/pullsecret=hunter2","containerd.io/snapshot/nydus-ref=x"]})"));
  std::vector<std::string> values;
  for (const PayloadField& field : fields) values.push_back(field.value);
  EXPECT_THAT(values, testing::ElementsAre("ro", "(masked, 7 bytes)",
                                           "(unknown name, 4 bytes)=(masked, 7 bytes)",
                                           "containerd.io/snapshot/pullsecret=(masked, 7 bytes)",
                                           "containerd.io/snapshot/nydus-ref=x"));
}

TEST(Masking, HidesAHarmlessNamesValueOfAnotherKind) {
  EXPECT_EQ(OnlyOf(ShowExtraOption(Parse(R"({"source":"https://h/x?token=hunter2"})"))).value,
            "(masked, 25 bytes)");
  EXPECT_TRUE(OnlyOf(ShowConfiguration(R"({"mode":"hunter2"})")).masked);
  EXPECT_TRUE(OnlyOf(ShowConfiguration(R"({"digest_validate":1})")).masked);
  EXPECT_EQ(OnlyOf(ShowKataVolume(
                Parse(R"({"options":["containerd.io/snapshot/nydus-ref=u:hunter2@h"]})"))),
            (PayloadField{"", "options[0]", "containerd.io/snapshot/nydus-ref=(masked, 11 bytes)",
                          true}));
}

TEST(Masking, MakesTextsPrintable) {
  EXPECT_EQ(ShowValue(ValueKind::kPath, "/a\xFF\\").text, "/a\\xff\\\\");
}

TEST(Masking, HidesWhatHasNoKind) {
  EXPECT_EQ(ShowValue(std::nullopt, "hunter2").text, "(masked, 7 bytes)");
  EXPECT_TRUE(ShowValue(std::nullopt, "hunter2").masked);
}

TEST(Masking, ListsNoMoreFieldsThanItsLimit) {
  std::string json = "{\"options\":[\"ro\"";
  for (std::size_t i = 0; i < kMaxPayloadFields; ++i) json += ",\"ro\"";
  EXPECT_EQ(ShowKataVolume(Parse(json + "]}")).size(), kMaxPayloadFields);
}

TEST(Masking, ListsNothingOfWhatIsNoObject) {
  EXPECT_TRUE(ShowExtraOption(Parse(R"(["hunter2"])")).empty());
}

}  // namespace
}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include "ctl/configuration/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;

TEST(Toml, MembersAreFoundByTheirPath) {
  const auto document = TomlDocument::Parse(
      "version = 2\nimports = ['a', 'b', 3]\n[plugins.'io.x.y'.z]\nname = \"n\"\nswitch = true\n");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->Integer({"version"}), 2);
  EXPECT_EQ(document->String({"plugins", "io.x.y", "z", "name"}), "n");
  EXPECT_EQ(document->Boolean({"plugins", "io.x.y", "z", "switch"}), true);
  EXPECT_THAT(document->Strings({"imports"}), ElementsAre("a", "b"));
  EXPECT_THAT(document->Keys({"plugins", "io.x.y", "z"}), ElementsAre("name", "switch"));
}

TEST(Toml, AbsentMembersAndOtherTypesGiveNothing) {
  const auto document = TomlDocument::Parse("a = 1\nb = 'text'\n[t]\n");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->String({"a"}), std::nullopt);
  EXPECT_EQ(document->Integer({"b"}), std::nullopt);
  EXPECT_EQ(document->Boolean({"a"}), std::nullopt);
  EXPECT_EQ(document->String({"a", "b"}), std::nullopt);
  EXPECT_EQ(document->String({"none"}), std::nullopt);
  EXPECT_THAT(document->Strings({"b"}), IsEmpty());
  EXPECT_THAT(document->Keys({"a"}), IsEmpty());
  EXPECT_THAT(document->Keys({"t"}), IsEmpty());
}

TEST(Toml, AnArrayOfStringsHoldsNothingElse) {
  const auto document = TomlDocument::Parse("a = ['x', 'y']\nb = ['x', 1]\nc = 'x'\nd = []\n");
  ASSERT_THAT(document, IsOk());
  EXPECT_THAT(document->OnlyStrings({"a"}), Optional(ElementsAre("x", "y")));
  EXPECT_THAT(document->OnlyStrings({"d"}), Optional(IsEmpty()));
  for (const char* key : {"b", "c", "none"}) {
    EXPECT_EQ(document->OnlyStrings({key}), std::nullopt) << key;
  }
}

TEST(Toml, MembersKnowTheirLine) {
  const auto document = TomlDocument::Parse("a = 1\n\n[t]\nb = [\n1]\n");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->Line({"a"}), 1);
  EXPECT_EQ(document->Line({"t"}), 3);
  EXPECT_EQ(document->Line({"t", "b"}), 4);
  EXPECT_EQ(document->Line({"none"}), std::nullopt);
}

TEST(Toml, ErrorsNameThePlaceAndNotTheText) {
  const auto document = TomlDocument::Parse("a = 1\npassword = hunter2\n");
  ASSERT_THAT(document, HasError(ErrorKind::kUsage, "line 2"));
  EXPECT_THAT(document.error().message, Not(HasSubstr("hunter")));
}

TEST(Toml, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_THAT(TomlDocument::Parse("a = " + std::string(30'000, '[')), Not(IsOk()));
}

}  // namespace
}  // namespace nydus

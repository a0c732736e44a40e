// SPDX-License-Identifier: Apache-2.0
#include "ctl/configuration/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Configuration, EveryKeyMayBeLeftOut) {
  EXPECT_EQ(*ParseConfiguration(""), Configuration());
  EXPECT_EQ(*ParseConfiguration("# sandbox = 's1'\n"), Configuration());
}

TEST(Configuration, EveryKeyIsRead) {
  const auto configuration = ParseConfiguration(
      "sandbox = 's1'\n"
      "apisock = '/run/nydusd/api.sock'\n"
      "layout = 'rs'\n"
      "snapshot_roots = ['/var/lib/snapshots', '/srv']\n"
      "nydusd_path = '/opt/bin/nydusd'\n");
  ASSERT_THAT(configuration, IsOk());
  EXPECT_EQ(*configuration, (Configuration{.sandbox = "s1",
                                           .api_socket = "/run/nydusd/api.sock",
                                           .layout = "rs",
                                           .snapshot_roots = {"/var/lib/snapshots", "/srv"},
                                           .nydusd_path = "/opt/bin/nydusd"}));
}

TEST(Configuration, UnknownKeysAreErrorsWithTheirLine) {
  EXPECT_THAT(ParseConfiguration("layout = 'go'\nsandbocks = 's1'\n"),
              HasError(ErrorKind::kUsage,
                       "/etc/nydus-overlayfs/config.toml: line 2: 'sandbocks' is not known"));
  EXPECT_THAT(ParseConfiguration("\n\n[snapshot]\nlayout = 'go'\n"),
              HasError(ErrorKind::kUsage, "line 3: 'snapshot' is not known"));
}

TEST(Configuration, NamesOfUnknownKeysAreEscaped) {
  EXPECT_THAT(ParseConfiguration("\"a\\u001bb\" = 1\n"),
              HasError(ErrorKind::kUsage, "'a\\x1bb' is not known"));
}

TEST(Configuration, ValuesOfAnotherTypeAreErrorsWithTheirLine) {
  for (const char* key : {"sandbox", "apisock", "layout", "nydusd_path"}) {
    EXPECT_THAT(ParseConfiguration(StrCat("\n", key, " = 1\n")),
                HasError(ErrorKind::kUsage, StrCat("line 2: '", key, "' is not a string")));
  }
  for (const char* value : {"'/a'", "['/a', 1]", "[['/a']]"}) {
    EXPECT_THAT(ParseConfiguration(StrCat("snapshot_roots = ", value)),
                HasError(ErrorKind::kUsage, "line 1: 'snapshot_roots' is not an array of strings"));
  }
}

TEST(Configuration, BadValuesAreErrorsThatDoNotRepeatThem) {
  for (const char* line :
       {"sandbox = '../hunter'", "sandbox = '.hunter'", "sandbox = ''", "apisock = 'hunter.sock'",
        "layout = 'hunter'", "snapshot_roots = ['/a', 'hunter']", "nydusd_path = 'hunter'",
        R"(nydusd_path = "/a\u0000hunter")"}) {
    const auto configuration = ParseConfiguration(line);
    ASSERT_THAT(configuration, HasError(ErrorKind::kUsage, "line 1")) << line;
    EXPECT_THAT(configuration.error().message, Not(HasSubstr("hunter")));
  }
}

TEST(Configuration, ATextThatIsNoTomlIsAnErrorWithItsLine) {
  EXPECT_THAT(ParseConfiguration("layout = 'go'\nsandbox: s1\n"),
              HasError(ErrorKind::kUsage,
                       "/etc/nydus-overlayfs/config.toml: line 2, column 8: is no TOML"));
  EXPECT_THAT(ParseConfiguration("layout = 'go'\nlayout = 'rs'\n"),
              HasError(ErrorKind::kUsage, "line 2"));
}

TEST(Configuration, SnapshotRootsAreLimited) {
  const auto roots = [](std::size_t count) {
    std::string text = "snapshot_roots = [";
    for (std::size_t i = 0; i < count; ++i) text += "'/a',";
    return ParseConfiguration(text + "]");
  };
  EXPECT_THAT(roots(kMaxSnapshotRoots), IsOk());
  EXPECT_THAT(roots(kMaxSnapshotRoots + 1), HasError(ErrorKind::kUsage, "more than 64"));
}

}  // namespace
}  // namespace nydus

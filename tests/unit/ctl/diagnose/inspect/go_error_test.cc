// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/go_error.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

// As strconv.Quote.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// `text` quoted in a text that is quoted, and so on.
std::string Nested(std::string text, int times) {
  for (int i = 0; i < times; ++i) text = StrCat("failed to start: ", Quoted(text), " at last");
  return text;
}

// The only mount in `text`.
MountText Only(std::string_view text) {
  const Result<MountTexts> found = FindMounts(text);
  if (!found || found->mounts.size() != 1) {
    ADD_FAILURE() << "not one mount: " << text;
    return {};
  }
  return found->mounts[0];
}

constexpr std::string_view kCall =
    "mount helper [mount.fuse [overlay /t -o lowerdir=/a\\:b:/c -t nydus-overlayfs]]";

TEST(GoOutcome, IsReadAtAnyDepthOfQuotes) {
  for (int times = 0; times <= 3; ++times) {
    const MountText mount =
        Only(Nested(StrCat(kCall, R"( failed: "the \"x\" \\": exit status 32: unknown)"), times));
    EXPECT_EQ(mount.report, "the \"x\" \\") << times;
    EXPECT_EQ(mount.status, 32) << times;
    EXPECT_EQ(mount.options, "lowerdir=/a\\:b:/c") << times;
  }
}

TEST(GoOutcome, IsReadInTheLogOfKubelet) {
  const MountText mount = Only(
      StrCat("E0101 12:00:00.000000 7 pod_workers.go:1301] \"Error syncing pod, skipping\" err=",
             Quoted(StrCat(R"(failed to "StartContainer" for "c" with RunContainerError: )",
                           Quoted(StrCat("failed to create containerd task: ", kCall,
                                         R"( failed: "fuse: \"oops\"\n": exit status 32)")))),
             " pod=\"default/p\""));
  EXPECT_EQ(mount.report, "fuse: \"oops\"\n");
  EXPECT_EQ(mount.status, 32);
}

TEST(GoOutcome, MayBeASignal) {
  for (int times = 0; times <= 3; ++times) {
    const MountText mount = Only(Nested(StrCat(kCall, R"( failed: "": signal: killed)"), times));
    EXPECT_EQ(mount.signal, 9) << times;
    EXPECT_EQ(mount.status, std::nullopt) << times;
  }
}

TEST(GoOutcome, IsNotReadBehindOtherNumbersOfBackslashes) {
  EXPECT_EQ(QuotingsOf(0), 0);
  EXPECT_EQ(QuotingsOf(7), 3);
  EXPECT_EQ(QuotingsOf(2), std::nullopt);
  EXPECT_EQ(QuotingsOf((std::size_t{1} << (kMaxQuotings + 1)) - 1), std::nullopt);
  EXPECT_EQ(Only(StrCat(kCall, R"( failed: \\"x\\": exit status 32)")).status, std::nullopt);
}

TEST(GoOutcome, MayBeCut) {
  const MountText mount = Only(StrCat(kCall, " failed: \"the helper sa"));
  EXPECT_EQ(mount.report, "the helper sa");
  EXPECT_EQ(mount.status, std::nullopt);
}

constexpr std::string_view kNative =
    R"(mount source: "overlay", target: "/run/x/rootfs", fstype: overlay, flags: 0, )"
    R"(data: "workdir=/w,upperdir=/u,lowerdir=/l1:/l2", err: no such file or directory)";

TEST(NativeMount, IsReadAtAnyDepthOfQuotes) {
  for (int times = 0; times <= 3; ++times) {
    const MountText mount = Only(Nested(std::string(kNative), times));
    EXPECT_EQ(mount.form, "containerd's own mount") << times;
    EXPECT_EQ(mount.type, "overlay") << times;
    EXPECT_EQ(mount.source, "overlay") << times;
    EXPECT_EQ(mount.target, "/run/x/rootfs") << times;
    EXPECT_EQ(mount.options, "workdir=/w,upperdir=/u,lowerdir=/l1:/l2") << times;
    EXPECT_EQ(mount.report, "no such file or directory") << times;
  }
}

TEST(NativeMount, WithoutItsEndLosesTheQuotes) {
  const MountText cut =
      Only(R"(flags: 0, data: "workdir=/w,upperdir=/u,lowerdir=/l1:/l2", err: x)");
  EXPECT_EQ(cut.options, "workdir=/w,upperdir=/u,lowerdir=/l1:/l2");
  EXPECT_EQ(Only(R"(workdir=/w,upperdir=/u,lowerdir=/l1:/l2", err: x)").options,
            "workdir=/w,upperdir=/u,lowerdir=/l1:/l2");
  EXPECT_EQ(Only(R"(data: \"lowerdir=/l1:/l2\", err: x)").options, "lowerdir=/l1:/l2");
}

}  // namespace
}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/mount_text.h"

#include <ostream>

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/captured_command_lines.h"
#include "tests/support/result_matchers.h"

namespace nydus {

void PrintTo(const MountText& text, std::ostream* out) {
  *out << text.form << ": type '" << text.type << "' source '" << text.source << "' target '"
       << text.target << "' options '" << text.options << "' report '" << text.report << "'";
}

namespace {

constexpr std::string_view kOptions = "workdir=/s/4/work,upperdir=/s/4/fs,lowerdir=/s/3/mnt";
constexpr std::string_view kType = "fuse.nydus-overlayfs";

// The only mount in `text`.
MountText Only(std::string_view text) {
  const Result<MountTexts> found = FindMounts(text);
  if (!found) {
    ADD_FAILURE() << found.error().message << ": " << text;
    return {};
  }
  EXPECT_EQ(found->mounts.size(), 1U) << testing::PrintToString(found->mounts);
  return found->mounts[0];
}

// `text` says what containerd would mount, and where.
void ExpectMount(std::string_view text, std::string_view target = "/t") {
  const MountText mount = Only(text);
  EXPECT_EQ(mount.type, kType) << text;
  EXPECT_EQ(mount.source, "overlay") << text;
  EXPECT_EQ(mount.target, target) << text;
  EXPECT_EQ(mount.options, kOptions) << text;
}

TEST(MountText, IsACommandLineOfTheHelper) {
  ExpectMount(StrCat("nydus-overlayfs overlay /t -o ", kOptions));
  ExpectMount(StrCat("mount.fuse.nydus-overlayfs overlay /t -o ", kOptions));
  ExpectMount(StrCat("/sbin/mount.fuse.nydus-overlayfs overlay /t -fvo ", kOptions));
  ExpectMount(StrCat("'nydus-overlayfs' 'overlay' '/t' '-o' '", kOptions, "'"));
}

TEST(MountText, NamesTheTypeThatMadeTheHelpersName) {
  const MountText mount = Only(StrCat("/opt/nydus-overlayfs-x overlay /t -o ", kOptions));
  EXPECT_EQ(mount.type, "fuse./opt/nydus-overlayfs-x");
}

TEST(MountText, IsACommandLineFromProc) {
  std::string text = StrCat("nydus-overlayfs overlay /t -o ", kOptions);
  for (char& c : text) c = c == ' ' ? '\0' : c;
  ExpectMount(text);
}

TEST(MountText, IsAMountCommand) {
  ExpectMount(StrCat("mount -t fuse.nydus-overlayfs overlay /t -o ", kOptions));
  ExpectMount(StrCat("mount -t fuse.nydus-overlayfs -o ", kOptions, " overlay /t"));
  ExpectMount(StrCat("# sudo /bin/mount --types=fuse.nydus-overlayfs --options ", kOptions,
                     " overlay /t && echo done"));
  ExpectMount(
      "mount -t fuse.nydus-overlayfs overlay /t \\\n -o workdir=/s/4/work \\\n "
      "-o upperdir=/s/4/fs -o lowerdir=/s/3/mnt");
}

TEST(MountText, IsWhatMountFuseGivesToTheShell) {
  ExpectMount(StrCat("/bin/sh -c \"'nydus-overlayfs' 'overlay' '/t' '-o' '", kOptions, "'\""));
}

constexpr std::string_view kCall =
    "mount helper [mount.fuse [overlay /t -o workdir=/s/4/work -o upperdir=/s/4/fs -o "
    "lowerdir=/s/3/mnt -t nydus-overlayfs]]";

TEST(MountText, IsAnErrorOfContainerd) {
  ExpectMount(StrCat("ctr: failed to create shim task: failed to mount rootfs component: ", kCall,
                     " failed: \"\": exit status 1: unknown"));
}

TEST(MountText, KeepsWhatTheHelperSaidAndItsStatus) {
  const MountText mount = Only(StrCat(
      kCall, " failed: \"mount.fuse.nydus-overlayfs: /t: \\\"x\\\"\\n\": exit status 32: unknown"));
  EXPECT_EQ(mount.report, "mount.fuse.nydus-overlayfs: /t: \"x\"\n");
  EXPECT_EQ(mount.status, 32);
}

TEST(MountText, KeepsThatMountFuseIsMissing) {
  const MountText mount = Only(
      StrCat(kCall, " failed: \"\": exec: \"mount.fuse\": executable file not found in $PATH"));
  EXPECT_THAT(mount.report, testing::HasSubstr("executable file not found in $PATH"));
  EXPECT_EQ(mount.status, std::nullopt);
}

TEST(MountText, KeepsThatMountFuseIsMissingInTheWordsOfContainerd16) {
  constexpr char kWords[] = "mount.fuse resolves to executable in current directory (./mount.fuse)";
  EXPECT_EQ(Only(StrCat(kCall, " failed: \"\": ", kWords)).report, kWords);
}

TEST(MountText, IsAnErrorQuotedInLogs) {
  const std::string quoted =
      StrCat("failed to mount: ", kCall, " failed: \\\"\\\": exit status 32");
  const MountText once = Only(StrCat("time=\"2026-01-01\" level=error msg=\"", quoted, "\" id=7"));
  EXPECT_EQ(once.options, kOptions);
  EXPECT_EQ(once.status, 32);
  const std::string twice = StrCat(
      "E0101 kubelet: \"CreateContainer failed\" err=\"rpc error: ", "desc = ", quoted, "\"");
  EXPECT_EQ(Only(twice).status, 32);
}

TEST(MountText, IsAFieldBehindAWordThatEndsLikeOne) {
  const MountText mount =
      Only(StrCat("lastmsg=\"none\" msg=\"", kCall, " failed: \\\"\\\": exit status 32\" id=7"));
  EXPECT_EQ(mount.options, kOptions);
  EXPECT_EQ(mount.status, 32);
}

TEST(MountText, IsAnErrorInAJsonLog) {
  const std::string error = StrCat(kCall, " failed: \\\"oops\\\": exit status 32");
  const MountText mount =
      Only(StrCat(R"({"level":"error","msg":"cannot start","error":")", error, "\"}"));
  EXPECT_EQ(mount.options, kOptions);
  EXPECT_EQ(mount.report, "oops");
  EXPECT_EQ(Only(StrCat("Jan 01 node containerd[7]: ", R"({"level":"error","msg":")", error, "\"}"))
                .options,
            kOptions);
}

TEST(MountText, IsAMountAsGoPrintsIt) {
  constexpr std::string_view kWords = "[workdir=/s/4/work upperdir=/s/4/fs lowerdir=/s/3/mnt]";
  ExpectMount(StrCat("mounts: [{fuse.nydus-overlayfs overlay  ", kWords, "}]"), "");
  ExpectMount(StrCat("{fuse.nydus-overlayfs overlay ", kWords, "}"), "");
  ExpectMount(StrCat("{fuse.nydus-overlayfs overlay /t ", kWords, "}"));
  ExpectMount(StrCat("&{Type:fuse.nydus-overlayfs Source:overlay Target:/t Options:", kWords, "}"));
  ExpectMount(
      StrCat("&Mount{Type:fuse.nydus-overlayfs,Source:overlay,Target:/t,Options:", kWords, ",}"));
}

TEST(MountText, IsAMountInProtobufText) {
  ExpectMount(
      "rootfs:{type:\"fuse.nydus-overlayfs\" source:\"overlay\" target:\"/t\" "
      "options:\"workdir=/s/4/work\" options:\"upperdir=/s/4/fs\" "
      "options:\"lowerdir=/s/3/mnt\"}");
}

TEST(MountText, IsAListInBrackets) {
  EXPECT_EQ(
      Only("mount error, args: [workdir=/s/4/work upperdir=/s/4/fs lowerdir=/s/3/mnt]").options,
      kOptions);
  ExpectMount(StrCat("running [nydus-overlayfs overlay /t -o ", kOptions, "]"));
}

TEST(MountText, IsAMountInJson) {
  constexpr std::string_view kList =
      R"(["workdir=/s/4/work","upperdir=/s/4/fs","lowerdir=/s/3/mnt"])";
  const std::string mount = StrCat(
      R"({"Type":"fuse.nydus-overlayfs","Source":"overlay","Target":"/t","Options":)", kList, "}");
  ExpectMount(mount);
  ExpectMount(StrCat("[", mount, "]"));
  ExpectMount(StrCat(R"({"mounts":[{"destination":"/t","type":"fuse.nydus-overlayfs",)",
                     R"("source":"overlay","options":)", kList, "}]}"));
  EXPECT_EQ(Only(kList).options, kOptions);
}

TEST(MountText, IsALineOfAMountTable) {
  constexpr std::string_view kWritten = "lowerdir=/a\\040b:/c,upperdir=/u,workdir=/w";
  const auto expect = [](const std::string& line) {
    const MountText mount = Only(line);
    EXPECT_EQ(mount.type, "overlay") << line;
    EXPECT_EQ(mount.target, "/t x") << line;
    EXPECT_EQ(mount.options, "rw,relatime,lowerdir=/a b:/c,upperdir=/u,workdir=/w") << line;
  };
  expect(StrCat("overlay /t\\040x overlay rw,relatime,", kWritten, " 0 0"));
  expect(StrCat("36 35 0:98 / /t\\040x rw,relatime shared:1 - overlay overlay ", kWritten));
  expect(StrCat("overlay on /t\\040x type overlay (rw,relatime,", kWritten, ")"));
}

TEST(MountText, IsALineOfFindmnt) {
  const auto expect = [](std::string_view target) {
    const MountText mount = Only(StrCat("TARGET SOURCE  FSTYPE  OPTIONS\n", target,
                                        " overlay fuse.nydus-overlayfs ", kOptions, "\n"));
    EXPECT_EQ(mount.type, kType) << target;
    EXPECT_EQ(mount.source, "overlay") << target;
    EXPECT_EQ(mount.target, "/t") << target;
    EXPECT_EQ(mount.options, kOptions) << target;
  };
  for (const std::string_view target : {"/t", "└─/t", "│ ├─/t", "|-/t", "| `-/t"}) expect(target);
}

TEST(MountText, IsTheJsonOfFindmnt) {
  const auto entry = [](std::string_view target, std::string_view more) {
    return StrCat(R"({"target":")", target, R"(","source":"overlay","fstype":")", kType,
                  R"(","options":")", kOptions, "\"", more, "}");
  };
  ExpectMount(StrCat(R"({"filesystems":[)", entry("/t", ""), "]}"));
  const Result<MountTexts> nested =
      FindMounts(StrCat(R"({"filesystems":[)",
                        entry("/t", StrCat(R"(,"children":[)", entry("/t/u", ""), "]")), "]}"));
  ASSERT_THAT(nested, IsOk());
  ASSERT_EQ(nested->mounts.size(), 2U);
  EXPECT_EQ(nested->mounts[1].target, "/t/u");
}

TEST(MountText, IsAListOfOptions) {
  EXPECT_EQ(Only(kOptions).options, kOptions);
  EXPECT_EQ(Only(StrCat("  -o", kOptions, "\n")).options, kOptions);
  EXPECT_EQ(Only("ExtraOption=eyJ9").options, "ExtraOption=eyJ9");
  EXPECT_EQ(Only("lowerdir=/a\\:b,context=\"a,b\"").options, "lowerdir=/a\\:b,context=\"a,b\"");
}

TEST(MountText, IsAPayloadAlone) {
  const std::string json = R"({"source":"/b","config":"{}","snapshotdir":"/s"})";
  const MountText mount = Only(EncodeBase64(json));
  EXPECT_TRUE(mount.is_payload);
  EXPECT_EQ(mount.options, StrCat("extraoption=", EncodeBase64(json)));
  EXPECT_EQ(Only(json), mount);

  const std::string volume = R"({"volume_type":"image_guest_pull"})";
  EXPECT_EQ(Only(volume).options, StrCat("io.katacontainers.volume=", EncodeBase64(volume)));
  EXPECT_EQ(Only(EncodeBase64(volume)), Only(volume));
}

TEST(MountText, IsAPayloadWithinALineOfALog) {
  const std::string volume = R"({"volume_type":"image_guest_pull","source":"s"})";
  const std::string escaped = R"({\"volume_type\":\"image_guest_pull\",\"source\":\"s\"})";
  for (const std::string& line : {
           StrCat("encoded kata volume ", volume, " for snapshot 7"),
           StrCat("time=\"t\" level=info msg=\"encoded kata volume ", escaped, " for 7\""),
           StrCat("{x} volume=\"", escaped, "\" type=nydus-overlayfs"),
           StrCat(R"({"level":"info","msg":"encoded )", escaped, R"("})"),
           StrCat(R"({"level":"info","fields":{"volume":)", volume, "}}"),
           StrCat("Jan 01 node snapshotter[7]: ", R"({"level":"info","volume":)", volume, "}"),
       }) {
    EXPECT_EQ(Only(line).options, StrCat("io.katacontainers.volume=", EncodeBase64(volume)))
        << line;
  }
  const std::string extra = R"({"source":"/b","config":"{}"})";
  EXPECT_EQ(Only(StrCat("extra option ", extra, ".")).options,
            StrCat("extraoption=", EncodeBase64(extra)));
}

TEST(MountText, IsAPayloadThatATerminalWrapped) {
  std::string base64 = EncodeBase64(R"({"source":"/b","config":"{}","snapshotdir":"/s"})");
  const std::string whole = base64;
  base64.insert(20, "\r\n");
  EXPECT_EQ(Only(base64).options, StrCat("extraoption=", whole));
}

TEST(MountText, LosesTheColoursOfATerminal) {
  ExpectMount(StrCat("\x1b[31mERRO\x1b[0m \x1b]0;title\a", "nydus-overlayfs overlay /t -o ",
                     kOptions, "\x1b[K"));
}

TEST(MountText, FindsSeveralMountsAndEachOnce) {
  const std::string line = StrCat("mount -t fuse.nydus-overlayfs overlay /t -o ", kOptions, "\n");
  const Result<MountTexts> found = FindMounts(StrCat(line, "garbage\n", line, kCall, "\n"));
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ(found->mounts.size(), 2U);
  EXPECT_EQ(found->mounts[1].form, "containerd's call of mount.fuse");
}

TEST(MountText, StopsAtTheLimitAndSaysSo) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxPastedMounts; ++i) text += StrCat("lowerdir=/a:/", i, "\n");
  const Result<MountTexts> found = FindMounts(text);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->mounts.size(), kMaxPastedMounts);
  EXPECT_TRUE(found->cut);
}

TEST(MountText, RefusesATextWithoutMount) {
  for (const std::string_view text :
       {"", "hello", "{}", "[[[", "failed to mount rootfs component overlay", "\x1b[", "msg=\""}) {
    EXPECT_THAT(FindMounts(text), HasError(ErrorKind::kUsage, "no mount and no payload")) << text;
  }
}

TEST(MountText, RefusesATextBeyondTheLimit) {
  EXPECT_THAT(FindMounts(std::string(kMaxMountTextBytes + 1, ' ')),
              HasError(ErrorKind::kUsage, "longer than 1048576 bytes"));
}

TEST(MountText, ReadsWordsThatAShellHasSplit) {
  const Result<MountTexts> found = FindMountInWords(
      {"mount", "-t", "fuse.nydus-overlayfs", "overlay", "/t x", "-o", "lowerdir=/a b:/c"});
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->mounts[0].target, "/t x");
  EXPECT_EQ(found->mounts[0].options, "lowerdir=/a b:/c");
  EXPECT_THAT(FindMountInWords({"overlay", "/t", "-o", "lowerdir=/a:/b"}), IsOk());
  EXPECT_THAT(FindMountInWords({"lowerdir=/a:/b"}), IsOk());
}

TEST(MountText, IsEveryCapturedCommandLine) {
  for (const CapturedCommandLine& captured : CapturedCommandLines()) {
    std::string text;
    for (const std::string& word : captured.argv) text += word + " ";
    const MountText mount = Only(text);
    EXPECT_EQ(mount.target, captured.argv[2]) << captured.name;
    EXPECT_EQ(mount.options, captured.argv[4]) << captured.name;
  }
}

}  // namespace
}  // namespace nydus

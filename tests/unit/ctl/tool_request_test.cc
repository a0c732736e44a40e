// SPDX-License-Identifier: Apache-2.0
#include "ctl/tool_request.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "mount_helper/tool_exec.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kAllSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// A memfd that this process has inherited, as it were. The reader closes it.
int MemoryFile(std::string_view text, int seals = kAllSeals) {
  const int fd = memfd_create("test", MFD_ALLOW_SEALING);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
  EXPECT_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

Result<ToolRequest> Read(int fd) {
  return ReadToolRequest(std::to_string(fd));
}

Result<ToolRequest> ReadText(std::string_view text) {
  return Read(MemoryFile(text));
}

bool IsOpen(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

// A whole request in which one member is `member`, or which has it in addition.
std::string RequestWith(std::string_view name, std::string_view member) {
  std::string text = "{";
  for (const auto& [known, value] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"version", "1"},
           {"source", "\"\""},
           {"target", StrCat("\"", EncodeBase64("/t"), "\"")},
           {"options", "\"\""},
           {"fake", "false"},
           {"verbose", "false"},
           {"namespace_fd", "-1"}}) {
    if (known != name) text += StrCat("\"", known, "\":", value, ",");
  }
  text += member.empty() ? "" : StrCat("\"", name, "\":", member, ",");
  text.back() = '}';
  return text;
}

TEST(ToolRequestReading, ReadsWhatTheHelperWrites) {
  const CommandLine line{.source = "over\xFFlay",
                         .target = "/t \n",
                         .options = "a,b\"\\",
                         .fake = true,
                         .verbose = true};
  const auto request = ReadText(FormatToolRequest(line, -1));
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->source, "over\xFFlay");
  EXPECT_EQ(request->target, "/t \n");
  EXPECT_EQ(request->options, "a,b\"\\");
  EXPECT_TRUE(request->fake);
  EXPECT_TRUE(request->verbose);
  EXPECT_FALSE(request->mount_namespace.ok());
}

TEST(ToolRequestReading, BecomesTheCommandLineAgain) {
  const auto request =
      ReadText(FormatToolRequest({.source = "s", .target = "/t", .options = "ro"}, -1));
  ASSERT_THAT(request, IsOk());
  const CommandLine line = request->AsCommandLine();
  EXPECT_EQ(line.source, "s");
  EXPECT_EQ(line.target, "/t");
  EXPECT_EQ(line.options, "ro");
  EXPECT_TRUE(line.has_options);
}

TEST(ToolRequestReading, ClosesTheDescriptor) {
  const int good = MemoryFile(FormatToolRequest({}, -1));
  EXPECT_THAT(Read(good), IsOk());
  EXPECT_FALSE(IsOpen(good));
  const int bad = MemoryFile("{");
  EXPECT_THAT(Read(bad), Not(IsOk()));
  EXPECT_FALSE(IsOpen(bad));
}

TEST(ToolRequestReading, TakesTheNamespaceOver) {
  const int mount_namespace = open("/proc/self/ns/mnt", O_RDONLY);
  {
    const auto request = ReadText(FormatToolRequest({}, mount_namespace));
    ASSERT_THAT(request, IsOk());
    EXPECT_EQ(request->mount_namespace.get(), mount_namespace);
    EXPECT_EQ(fcntl(mount_namespace, F_GETFD), FD_CLOEXEC);
  }
  EXPECT_FALSE(IsOpen(mount_namespace));
}

TEST(ToolRequestReading, NamespacesThatAreNotThereAreErrors) {
  EXPECT_THAT(ReadText(FormatToolRequest({}, 999'999)),
              HasError(ErrorKind::kUsage, "namespace_fd"));
  EXPECT_THAT(ReadText(FormatToolRequest({}, STDIN_FILENO)),
              HasError(ErrorKind::kUsage, "namespace_fd"));
}

TEST(ToolRequestReading, WordsThatNameNoDescriptorSayWhatTheFlagIsFor) {
  for (const char* word : {"", "x", "7x", "-1", "+7", "999999", "99999999999999999999", "0", "2"}) {
    const auto request = ReadToolRequest(word);
    ASSERT_THAT(request, HasError(ErrorKind::kUsage, "--request-fd: names no descriptor")) << word;
    EXPECT_THAT(request.error().hint, HasSubstr("mount.fuse.nydus-overlayfs"));
  }
  EXPECT_TRUE(IsOpen(STDERR_FILENO));
}

TEST(ToolRequestReading, WhatCouldStillBeChangedIsRefused) {
  const std::string good = FormatToolRequest({}, -1);
  for (const int seal : {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE}) {
    EXPECT_THAT(Read(MemoryFile(good, kAllSeals & ~seal)),
                HasError(ErrorKind::kUsage, "no sealed request"))
        << seal;
  }
  EXPECT_THAT(Read(open("/proc/self/exe", O_RDONLY)),
              HasError(ErrorKind::kUsage, "no sealed request"));
}

TEST(ToolRequestReading, TheLongestOptionsPassAndLongerTextsDoNot) {
  const std::string options(std::size_t{6} * 1024 * 1024, 'o');
  const auto request = ReadText(FormatToolRequest({.options = options}, -1));
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->options, options);
  EXPECT_THAT(ReadText(std::string(kMaxToolRequestBytes + 1, ' ')),
              HasError(ErrorKind::kSystem, "--request-fd: longer than"));
}

TEST(ToolRequestReading, OtherVersionsNameTheCause) {
  for (const char* version : {"", "0", "2", "1.0", "\"1\"", "null"}) {
    const auto request = ReadText(RequestWith("version", version));
    ASSERT_THAT(request, HasError(ErrorKind::kSystem, "not of version 1")) << version;
    EXPECT_THAT(request.error().hint, HasSubstr("same release"));
  }
  EXPECT_THAT(ReadText("[]"), HasError(ErrorKind::kSystem, "not of version 1"));
}

TEST(ToolRequestReading, EveryMemberIsNeededAndNoOtherIsKnown) {
  ASSERT_THAT(ReadText(RequestWith("version", "1")), IsOk());
  for (const char* name : {"source", "target", "options", "fake", "verbose", "namespace_fd"}) {
    EXPECT_THAT(ReadText(RequestWith(name, "")),
                HasError(ErrorKind::kUsage, StrCat(name, ": is missing")));
  }
  EXPECT_THAT(ReadText(RequestWith("more", "1")), HasError(ErrorKind::kUsage, "is not known"));
  EXPECT_THAT(ReadText(R"({"version":1,"version":1})"), HasError(ErrorKind::kUsage, "twice"));
}

TEST(ToolRequestReading, MembersOfAnotherTypeAreErrors) {
  for (const char* name : {"source", "target", "options"}) {
    EXPECT_THAT(ReadText(RequestWith(name, "1")), HasError(ErrorKind::kUsage, name));
    EXPECT_THAT(ReadText(RequestWith(name, "\"!\"")), HasError(ErrorKind::kUsage, name));
    EXPECT_THAT(ReadText(RequestWith(name, StrCat("\"", EncodeBase64({"a\0b", 3}), "\""))),
                HasError(ErrorKind::kUsage, "holds a NUL"));
  }
  for (const char* name : {"fake", "verbose"}) {
    EXPECT_THAT(ReadText(RequestWith(name, "0")), HasError(ErrorKind::kUsage, "is not a boolean"));
  }
  EXPECT_THAT(ReadText(RequestWith("namespace_fd", "\"7\"")),
              HasError(ErrorKind::kUsage, "namespace_fd"));
}

TEST(ToolRequestReading, ErrorsRepeatNothing) {
  const auto request = ReadText(RequestWith("options", "\"hunter!\""));
  ASSERT_THAT(request, Not(IsOk()));
  EXPECT_THAT(request.error().message, Not(HasSubstr("hunter")));
}

}  // namespace
}  // namespace nydus

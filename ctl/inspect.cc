// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/file_reading.h"
#include "base/mount_api/kernel_features.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "ctl/common_flags.h"
#include "ctl/diagnose/inspect/mount_text.h"
#include "ctl/inspect_output.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

DEFINE_string(file, "", "FILE: read this file; - is standard input");
DEFINE_bool(look, true, "look whether the directories and images of the mount are on this machine");

namespace nydus {

namespace {

InspectionResult InspectAll(const MountTexts& texts) {
  const SystemFacts facts = {.selinux = SelinuxIsOn()};
  InspectionResult result{.mounts = {}, .cut = texts.cut, .image = std::nullopt};
  for (const MountText& text : texts.mounts) {
    Inspection inspection = Inspect(text, facts);
    if (FLAGS_look) LookAtPaths(FindPaths(text), inspection);
    result.mounts.push_back(std::move(inspection));
  }
  return result;
}

Result<InspectionResult> InspectTexts(const Result<MountTexts>& texts) {
  if (!texts) return Failure(texts.error());
  return InspectAll(*texts);
}

// A file may be an image, whose kind is told, or hold a text.
Result<InspectionResult> InspectOpenFile(int fd) {
  const Result<RafsDetection> image = DetectRafs(fd);
  if (image && image->kind != RafsKind::kNotAnImage) {
    return InspectionResult{.mounts = {}, .cut = false, .image = *image};
  }
  const Result<std::string> text = ReadAll(fd, kMaxMountTextBytes);
  if (!text) return Failure(text.error());
  return InspectTexts(FindMounts(*text));
}

Result<InspectionResult> InspectStandardInput() {
  if (isatty(STDIN_FILENO) == 1) {
    std::fputs("Paste the line, then press Enter and Ctrl-D.\n", stderr);
  }
  Result<InspectionResult> result = InspectOpenFile(STDIN_FILENO);
  if (!result) return Failure(Wrap(std::move(result.error()), "standard input"));
  return result;
}

Result<InspectionResult> InspectFile(const std::string& path) {
  if (path == "-") return InspectStandardInput();
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  Result<InspectionResult> result = InspectOpenFile(fd.get());
  if (!result) return Failure(Wrap(std::move(result.error()), Quote(path)));
  return result;
}

bool NamesFile(const std::string& word) {
  struct stat status = {};
  return word == "-" ||
         (stat(word.c_str(), &status) == 0 && (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)));
}

Result<InspectionResult> InspectInput(const Operands& operands) {
  if (!FLAGS_file.empty() && !operands.empty()) {
    return Fail(ErrorKind::kUsage, "a file and a text are given", "give one of them");
  }
  if (!FLAGS_file.empty()) return InspectFile(FLAGS_file);
  if (operands.empty()) return InspectStandardInput();
  if (operands.size() == 1 && NamesFile(operands[0])) return InspectFile(operands[0]);
  return InspectTexts(operands.size() == 1 ? FindMounts(operands[0]) : FindMountInWords(operands));
}

bool IsBad(const InspectionResult& result) {
  if (result.image) return !result.image->flaw.empty();
  return std::ranges::any_of(result.mounts, &Inspection::bad);
}

Result<VerbOutcome> RunInspect(const Operands& operands) {
  const Result<InspectionResult> result = InspectInput(operands);
  if (!result) return Failure(result.error());
  return VerbOutcome{
      .output = FLAGS_json ? InspectionJson(*result) : InspectionText(*result, WantsColour()),
      .status = IsBad(*result) ? ExitStatus::kFindings : ExitStatus::kSuccess};
}

}  // namespace

Verb InspectVerb() {
  static constexpr std::array<std::string_view, 4> kFlags = {"file", "look", "json", "color"};
  return {
      .name = "inspect",
      .operands = "[FILE | TEXT... | -- WORD...]",
      .summary = "explain a mount line, an error of containerd, a payload",
      .description =
          "Reads what somebody pasted and explains every mount in it: a command line of the\n"
          "helper, mount.fuse or mount(8), an error or a log of containerd, mounts as ctr and Go\n"
          "print them or in JSON, a line of /proc/mounts, a list of options, or a payload alone.\n"
          "Without operand the text comes from standard input, which is the right way for\n"
          "payloads: other users see the words of a command line. Of a file that is an image, the\n"
          "kind is told.\n"
          "\n"
          "Values in payloads are masked, save for those that are known to be harmless. With\n"
          "--look, the default, the directories and files that the mount names are looked for on\n"
          "this machine. The status is 3 if the mount would fail or nobody would accept a\n"
          "payload.\n",
      .flags = kFlags,
      .run = RunInspect,
  };
}

}  // namespace nydus

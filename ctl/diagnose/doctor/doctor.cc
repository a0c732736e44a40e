// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/doctor.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ctl/diagnose/doctor/bounded.h"
#include "ctl/diagnose/doctor/check_containerd.h"
#include "ctl/diagnose/doctor/check_kernel.h"
#include "ctl/diagnose/doctor/check_leftovers.h"
#include "ctl/diagnose/doctor/check_policies.h"
#include "ctl/diagnose/doctor/check_programs.h"
#include "ctl/diagnose/doctor/check_snapshotter.h"

namespace nydus {

namespace {

// Above all that a check itself may wait for.
constexpr std::chrono::seconds kCheckTime(30);

constexpr DoctorCheck kChecks[] = {
    {"mount.fuse", CheckMountFuse},
    {"the mount helper", CheckHelper},
    {"the helper of mount(8)", CheckMountProgramsHelper},
    {"the tool", CheckTool},
    {"the kernel", CheckKernel},
    {"/dev/fuse", CheckFuseDevice},
    {"containerd", CheckContainerd},
    {"the snapshotter", CheckSnapshotter},
    {"the payload policy", CheckPayloadPolicy},
    {"the configuration", CheckConfigurationFile},
    {"security modules", CheckSecurityModules},
    {"leftovers", CheckLeftovers},
};

// Findings on their way from the child: five texts each, a NUL behind every one. Printable text
// holds none.
std::string Pack(const Findings& findings) {
  std::string packed;
  for (const Finding& finding : findings) {
    const std::string severity(1, static_cast<char>('0' + std::to_underlying(finding.severity)));
    for (const std::string* text :
         {&finding.id, &severity, &finding.what, &finding.why, &finding.remedy}) {
      packed += *text;
      packed += '\0';
    }
  }
  return packed;
}

std::vector<std::string> SplitAtNul(std::string_view packed) {
  std::vector<std::string> texts;
  while (!packed.empty()) {
    const std::size_t end = std::min(packed.find('\0'), packed.size());
    texts.emplace_back(packed.substr(0, end));
    packed.remove_prefix(std::min(end + 1, packed.size()));
  }
  return texts;
}

Findings Unpack(std::string_view packed) {
  constexpr std::size_t kTexts = 5;
  std::vector<std::string> texts = SplitAtNul(packed);
  Findings findings;
  for (std::size_t i = 0; i + kTexts <= texts.size(); i += kTexts) {
    findings.push_back({.id = std::move(texts[i]),
                        .severity = static_cast<Severity>(texts[i + 1].front() - '0'),
                        .what = std::move(texts[i + 2]),
                        .why = std::move(texts[i + 3]),
                        .remedy = std::move(texts[i + 4])});
  }
  return findings;
}

// Findings of one severity stay in their order.
Findings WorstFirst(const Findings& findings) {
  Findings sorted;
  for (const Severity severity :
       {Severity::kError, Severity::kWarning, Severity::kNote, Severity::kOk}) {
    std::ranges::copy_if(findings, std::back_inserter(sorted), [severity](const Finding& finding) {
      return finding.severity == severity;
    });
  }
  return sorted;
}

}  // namespace

std::span<const DoctorCheck> DoctorChecks() {
  return kChecks;
}

Findings Diagnose(std::span<const DoctorCheck> checks, const NodeView& node,
                  const DoctorOptions& options) {
  Findings findings;
  for (const DoctorCheck& check : checks) {
    const Result<std::string> packed =
        RunBounded(kCheckTime, [&] { return Pack(check.run(node, options)); });
    if (!packed) {
      findings.push_back(Warning("check-failed", StrCat("looking at ", check.name, " failed"),
                                 packed.error().message,
                                 "a file system of this node may hang; look at the kernel's log"));
      continue;
    }
    std::ranges::move(Unpack(*packed), std::back_inserter(findings));
  }
  return WorstFirst(findings);
}

bool HasErrors(const Findings& findings) {
  return std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.severity == Severity::kError; });
}

}  // namespace nydus

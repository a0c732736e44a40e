// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "ctl/command_line.h"
#include "ctl/hand_over.h"
#include "ctl/help_text.h"
#include "ctl/standard_output.h"
#include "ctl/verbs.h"

namespace {

using nydus::VerbOutcome;

constexpr std::string_view kVersionText = "nydus-overlayctl " NYDUS_VERSION "\n";

// The mount helper hands over what is no native mount (mount_helper/tool_exec.h).
constexpr std::string_view kHandOverFlag = "--request-fd=";

nydus::Result<VerbOutcome> Run(std::span<const char* const> arguments) {
  const auto invocation = nydus::ParseInvocation(arguments, nydus::Verbs());
  if (!invocation) return nydus::Failure(invocation.error());
  if (invocation->version) return VerbOutcome{.output = std::string(kVersionText)};
  if (!invocation->help) return invocation->verb->run(invocation->operands);
  if (invocation->verb != nullptr) return VerbOutcome{.output = nydus::VerbHelp(*invocation->verb)};
  if (!invocation->group.empty()) {
    return VerbOutcome{.output = nydus::GroupHelp(invocation->group, nydus::Verbs())};
  }
  return VerbOutcome{.output = nydus::ToolHelp(nydus::Verbs())};
}

nydus::ExitStatus Report(const nydus::Error& error) {
  const std::string hint = error.hint.empty() ? "" : nydus::StrCat(" (", error.hint, ")");
  std::fputs(nydus::StrCat("nydus-overlayctl: ", error.message, hint, "\n").c_str(), stderr);
  return nydus::ExitStatusOf(error);
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
  const std::string_view first(arguments.empty() ? "" : arguments.front());
  if (first.starts_with(kHandOverFlag)) {
    return nydus::RunHandOver(first.substr(kHandOverFlag.size()));
  }
  const auto outcome = Run(arguments);
  if (!outcome) return static_cast<int>(Report(outcome.error()));
  if (const auto written = nydus::WriteOutput(outcome->output); !written) {
    return static_cast<int>(Report(written.error()));
  }
  return static_cast<int>(outcome->status);
}

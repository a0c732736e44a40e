// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/nydusd_output.h"
#include "ctl/nydusd_target.h"
#include "ctl/verbs.h"

DEFINE_string(id, "", "ID: whose metrics, such as a mount point; needed if there is more than one");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Shows what nydusd counts, in its own words: of the whole file system, or of the part files,\n"
    "pattern, backend, blobcache or inflight. With --json, nydusd's own JSON.\n";

constexpr std::string_view kFlags[] = {"apisock", "sandbox", "rootless_dir", "timeout",
                                       "id",      "json",    "color"};

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() > 1) return Fail(ErrorKind::kUsage, "nydusd metrics wants one part at most");
  const std::string part = operands.empty() ? "" : operands.front();
  if (!IsMetricsPart(part)) {
    return Fail(ErrorKind::kUsage, StrCat(Quote(part), " is no part of nydusd's metrics"),
                "files, pattern, backend, blobcache and inflight are");
  }
  const Result<NydusdClient> nydusd = NydusdOfFlags();
  if (!nydusd) return Failure(nydusd.error());
  const Result<std::string> text = nydusd->Metrics(part, FLAGS_id, DeadlineOfFlags());
  if (!text) return Failure(ExplainNoDaemon(text.error()));
  Result<std::string> output = RenderNydusdJson(*text);
  if (!output) return Failure(std::move(output.error()));
  return VerbOutcome{.output = std::move(*output)};
}

}  // namespace

Verb NydusdMetricsVerb() {
  return {.name = "nydusd metrics",
          .operands = "[PART]",
          .summary = "show what a nydusd counts",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus

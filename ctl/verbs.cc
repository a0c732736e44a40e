// SPDX-License-Identifier: Apache-2.0
#include "ctl/verbs.h"

#include <array>
#include <utility>

namespace nydus {

ExitStatus ExitStatusOf(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUsage: return ExitStatus::kUsage;
    case ErrorKind::kSystem:
    case ErrorKind::kMount:
    case ErrorKind::kUnsupported: return ExitStatus::kSystem;
    case ErrorKind::kInternal: return ExitStatus::kInternal;
  }
  std::unreachable();
}

std::span<const Verb> Verbs() {
  static const std::array verbs = {
      InspectVerb(),       DoctorVerb(),          EncodeExtraOptionVerb(), EncodeVolumeVerb(),
      EncodeMountVerb(),   EncodeMountInfoVerb(), VerityFormatVerb(),      VerityVerifyVerb(),
      VerityDumpVerb(),    VerityParseVerb(),     SandboxCreateVerb(),     SandboxShowVerb(),
      SandboxDeleteVerb(), RootfsShareVerb(),     RootfsUnshareVerb(),     FileShareVerb(),
      FileUnshareVerb(),   StorageVerb(),         NydusdStartVerb(),       NydusdStatusVerb(),
      NydusdMountVerb(),   NydusdUmountVerb(),    NydusdMetricsVerb(),     NydusdStopVerb()};
  return verbs;
}

}  // namespace nydus

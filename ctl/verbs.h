// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "ctl/verb.h"

namespace nydus {

// Each verb is made in the file of its name (`Verb VerityFormatVerb();` in verity_format.cc).
Verb DoctorVerb();
Verb EncodeExtraOptionVerb();
Verb EncodeMountInfoVerb();
Verb EncodeMountVerb();
Verb EncodeVolumeVerb();
Verb FileShareVerb();
Verb FileUnshareVerb();
Verb InspectVerb();
Verb NydusdMetricsVerb();
Verb NydusdMountVerb();
Verb NydusdStartVerb();
Verb NydusdStatusVerb();
Verb NydusdStopVerb();
Verb NydusdUmountVerb();
Verb RootfsShareVerb();
Verb RootfsUnshareVerb();
Verb SandboxCreateVerb();
Verb SandboxDeleteVerb();
Verb SandboxShowVerb();
Verb StorageVerb();
Verb VerityDumpVerb();
Verb VerityFormatVerb();
Verb VerityParseVerb();
Verb VerityVerifyVerb();

// All verbs, in the order of the help text.
std::span<const Verb> Verbs();

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/diagnose/doctor/finding.h"

namespace nydus {

// For people: what is wrong, in the order of the findings; then what is good; then one line that
// counts.
std::string DoctorText(const Findings& findings, bool colour);

// For programs: packaging/schema/doctor.schema.json.
std::string DoctorJson(const Findings& findings);

}  // namespace nydus

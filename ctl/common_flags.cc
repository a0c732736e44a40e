// SPDX-License-Identifier: Apache-2.0
#include "ctl/common_flags.h"

#include <gflags/gflags.h>

// The first word of a description stands for the value in help texts, if it is in capitals.
DEFINE_bool(json, false, "write JSON, as the schema of the verb describes it");
DEFINE_string(color, "auto", "WHEN: colour the text always, never, or auto: on a terminal");

namespace {

bool IsColorChoice(const char*, const std::string& value) {
  return value == "auto" || value == "always" || value == "never";
}

}  // namespace

DEFINE_validator(color, &IsColorChoice);

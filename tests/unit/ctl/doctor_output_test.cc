// SPDX-License-Identifier: Apache-2.0
#include "ctl/doctor_output.h"

#include <gtest/gtest.h>

namespace nydus {

namespace {

const Findings kFindings = {Bad("bad-thing", "it is bad", "all fails", "mend it"),
                            Note("note", "so it is", ""), Good("good", "it is good")};

TEST(DoctorText, ShowsWhatWhyAndRemedyAligned) {
  EXPECT_EQ(DoctorText(kFindings, false),
            "  error  bad-thing  it is bad\n"
            "                    why: all fails\n"
            "                    remedy: mend it\n"
            "  note   note       so it is\n"
            "  ok     good       it is good\n"
            "Found what keeps Nydus mounts from working: 1 error, 0 warnings, 1 note\n");
}

TEST(DoctorText, AGoodNodeIsCalledGood) {
  EXPECT_EQ(DoctorText({Good("good", "it is good")}, false),
            "  ok  good  it is good\n"
            "Nothing found that keeps Nydus mounts from working: 0 errors, 0 warnings, 0 notes\n");
}

TEST(DoctorJson, IsWhatTheSchemaSays) {
  EXPECT_EQ(DoctorJson({Bad("bad-thing", "it is \"bad\"", "", "mend it")}),
            R"({
  "version": 1,
  "mounts_work": false,
  "findings": [
    {
      "id": "bad-thing",
      "severity": "error",
      "what": "it is \"bad\"",
      "why": "",
      "remedy": "mend it"
    }
  ]
}
)");
  EXPECT_EQ(DoctorJson({}),
            "{\n  \"version\": 1,\n  \"mounts_work\": true,\n  \"findings\": []\n}\n");
}

}  // namespace

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"
#include "tests/support/temp_dir.h"

namespace nydus {

// What the mount helper of this project looks like to doctor, and what one built by Go does.
std::string OurProgram();
std::string GoProgram(std::string_view package, std::string_view version);
std::string GoHelper();

// A node that consists of files in a temporary directory.
class MadeUpNode : public testing::Test {
 protected:
  MadeUpNode();

  // Paths are absolute ones of the node; directories above them are made.
  void File(const std::string& path, std::string_view text) const;
  void Program(const std::string& path, std::string_view bytes) const;
  void Link(const std::string& path, const std::string& target) const;
  void Directory(const std::string& path) const;
  // A process with arguments, and an environment of one variable.
  void RunningProcess(int id, std::string_view name, std::initializer_list<std::string_view> words,
                      std::string_view environment = {}) const;
  [[nodiscard]] std::string Outside(const std::string& path) const;

  // Programs as the packages install them.
  void GoodPrograms() const;

  TempDir dir_;
  NodeView node_;
  DoctorOptions options_;
};

// EXPECT_THAT(findings, Finds("id", Severity::kError));
MATCHER_P2(Finds, id, severity, std::string(negation ? "has no" : "has a") + " finding " + id) {
  for (const Finding& finding : arg) {
    if (finding.id == id && finding.severity == severity) return true;
  }
  return false;
}

// EXPECT_THAT(findings, Says("part of a text"));
MATCHER_P(Says, part, std::string(negation ? "never says " : "says ") + part) {
  const std::string text(part);
  for (const Finding& finding : arg) {
    for (const std::string* said : {&finding.what, &finding.why, &finding.remedy}) {
      if (said->find(text) != std::string::npos) return true;
    }
  }
  return false;
}

// A finding at least this bad.
MATCHER_P(HasSeverity, severity, "a finding of this severity or worse") {
  for (const Finding& finding : arg) {
    if (finding.severity >= severity) return true;
  }
  return false;
}

void PrintTo(const Finding& finding, std::ostream* out);

}  // namespace nydus

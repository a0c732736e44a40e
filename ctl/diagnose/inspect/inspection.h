// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/diagnose/inspect/masking.h"
#include "ctl/diagnose/inspect/mount_text.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_request.h"

// What can be said of one mount. Every text in these values is printable and free of secrets.
namespace nydus {

// One option as written, in order.
struct OptionReport {
  std::string name;
  std::string value;  // empty if there is none
  bool masked = false;
  std::string meaning;
};

// What one program says to a payload.
struct Verdict {
  std::string_view judge;
  bool accepted = false;
  std::string reason;  // why not; empty if accepted
};

// What one program would do with a payload, were it to see this mount.
struct Use {
  std::string_view program;
  std::string effect;
};

struct PayloadReport {
  PayloadKind kind = PayloadKind::kExtraOption;
  std::size_t bytes = 0;  // of its base64
  std::string problem;    // why it is no JSON at all; then there are no fields
  std::vector<PayloadField> fields;
  std::vector<Verdict> verdicts;
  std::vector<Use> uses;
};

// A path that the mount or a payload names, and what is there on this machine.
struct PathReport {
  enum class State { kDirectory, kImage, kOther, kMissing, kUnusable };

  std::string role;
  std::string path;
  State state = State::kMissing;
  std::string detail;  // the kind of an image, or why the path cannot be used
};

struct Inspection {
  std::string_view form;
  bool is_payload = false;
  std::string type;
  std::string source;
  std::string target;
  std::optional<bool> kata_go_takes_type;  // nothing if the text names no type
  std::optional<bool> kata_rust_takes_type;
  std::vector<OptionReport> options;
  std::vector<PayloadReport> payloads;
  std::vector<std::string> plan;  // of the helper; empty if it refuses, or for a payload alone
  std::string refusal;            // why the helper refuses; empty if it does not
  std::string refusal_hint;
  std::vector<PathReport> paths;  // empty if this machine was not looked at
  std::string report;             // what the mount helper said, as far as it may be repeated
  std::optional<int> status;
  std::string_view status_meaning;  // empty if there is no status, or an unknown one
  std::optional<int> signal;        // that ended the program
  std::vector<std::string> hints;   // likely causes of a failure and traps, most likely first
  bool bad = false;                 // the mount would fail, or a payload that nobody accepts
};

// Pure, except that it asks this system for `facts`.
Inspection Inspect(const MountText& text, const SystemFacts& facts);

// What the mount names that can be looked up on a machine, taken out of the text again, because an
// Inspection has everything in its printable form.
struct NamedPaths {
  struct Named {
    std::string role;
    std::string path;
    bool directory = true;
  };
  std::vector<Named> paths;
};
NamedPaths FindPaths(const MountText& text);

// Adds what is at `named` on this machine, and the hints that follow. Reads directories' metadata
// and the first bytes of regular files; follows no link at the end of a path.
void LookAtPaths(const NamedPaths& named, Inspection& inspection);

}  // namespace nydus

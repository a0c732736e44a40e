// SPDX-License-Identifier: Apache-2.0
#include "ctl/common_flags.h"

#include <cstddef>

#include <gflags/gflags.h>

// The first word of a description stands for the value in help texts, if it is in capitals.
DEFINE_bool(json, false, "write JSON instead of text");
DEFINE_string(color, "auto",
              "WHEN: always, never or auto: when to colour the text; auto is on a terminal");
DEFINE_string(source, "", "PATH: the image's bootstrap, or the directory to share");
DEFINE_string(config, "", "FILE: nydusd's configuration, byte for byte; - is standard input");
DEFINE_string(apisock, "", "PATH: nydusd's API socket");
DEFINE_string(sandbox, "", "SANDBOX: the nydusd of this sandbox");
DEFINE_string(
    rootless_dir, "",
    "DIR: an unprivileged user's runtime directory, an absolute path; the state lies in it");
DEFINE_string(nydusd, "", "PATH: nydusd's program, instead of the configured or usual one");
DEFINE_bool(debug, false, "let nydusd log more");

namespace {

bool IsColorChoice(const char*, const std::string& value) {
  return value == "auto" || value == "always" || value == "never";
}

bool IsAbsoluteOrEmpty(const char*, const std::string& value) {
  return value.empty() || value.starts_with('/');
}

}  // namespace

DEFINE_validator(color, &IsColorChoice);
DEFINE_validator(rootless_dir, &IsAbsoluteOrEmpty);

namespace nydus {

std::vector<std::string> SplitListFlag(std::string_view value) {
  std::vector<std::string> parts;
  if (value.empty()) return parts;
  while (true) {
    const std::size_t comma = value.find(',');
    parts.emplace_back(value.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nydus {

// The longest text that is searched, in bytes. All options of one mount are shorter than 128 KiB
// on containerd's path.
inline constexpr std::size_t kMaxMountTextBytes = std::size_t{1} << 20;

// How many different mounts of one text are inspected.
inline constexpr std::size_t kMaxPastedMounts = 32;

// One mount as a text describes it. Everything in it is untrusted and may hold credentials.
struct MountText {
  std::string_view form;    // what kind of text it was, for people
  bool is_payload = false;  // a payload alone: `options` holds it under the name of its option
  std::string type;         // as containerd and mount(8) name it; empty if the text does not say
  std::string source;
  std::string target;
  std::string options;        // joined by commas, in order
  std::string report;         // what the mount helper wrote, as containerd quotes it
  std::optional<int> status;  // the exit status that containerd reports
  std::optional<int> signal;  // the signal that ended the program, if containerd says so

  bool operator==(const MountText&) const = default;
};

struct MountTexts {
  std::vector<MountText> mounts;  // different ones, in the order of the text
  bool cut = false;               // there were more than kMaxPastedMounts
};

// Finds the mounts in what somebody pasted: command lines of the helper, mount.fuse and mount(8),
// errors and logs of containerd (plain, quoted, JSON), its mounts as Go prints them and as JSON,
// lines of mount tables, lists of options, and payloads, alone or as JSON within a line. A text
// without any is an error.
Result<MountTexts> FindMounts(std::string_view text);

// The same for the words of a command line, already split.
Result<MountTexts> FindMountInWords(const std::vector<std::string>& words);

}  // namespace nydus

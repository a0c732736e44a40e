// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "mount_helper/argument_scrub.h"
#include "mount_helper/command_line.h"
#include "mount_helper/mount_request.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return pointers;
}

auto Members(const CommandLine& line) {
  return std::tie(line.source, line.target, line.options, line.has_options, line.fake, line.verbose,
                  line.tolerant, line.no_utab, line.namespace_path, line.help, line.version);
}

// Arguments that say the same, each in one fixed form.
std::vector<std::string> FormatCommandLine(const CommandLine& line) {
  std::vector<std::string> words = {"-o", line.options};
  if (line.fake) words.emplace_back("-f");
  if (line.verbose) words.emplace_back("-v");
  if (line.tolerant) words.emplace_back("-s");
  if (line.no_utab) words.emplace_back("-n");
  if (!line.namespace_path.empty()) {
    words.emplace_back("-N");
    words.emplace_back(line.namespace_path);
  }
  words.emplace_back("--");
  words.emplace_back(line.source);
  words.emplace_back(line.target);
  return words;
}

void CheckRoundTrip(const CommandLine& line) {
  std::vector<std::string> words = FormatCommandLine(line);
  const std::vector<char*> arguments = Pointers(words);
  const Result<CommandLine> again = ParseCommandLine(arguments);
  Demand(again && Members(*again) == Members(line), "a command line is read as it was written");
}

// What the helper would take from the scrubbed arguments is stars.
void CheckScrubbed(const std::vector<char*>& arguments) {
  const Result<CommandLine> line = ParseCommandLine(arguments);
  if (!line) return;
  const Result<MountRequest> request = ParseMountRequest(*line);
  if (!request) return;
  for (const Payload& payload : request->payloads) {
    Demand(payload.base64.find_first_not_of('*') == std::string::npos,
           "no payload is left in argv");
  }
}

}  // namespace

// Arguments separated by zero bytes.
void FuzzOne(std::string_view input) {
  std::vector<std::string> words(1);
  for (const char byte : input) {
    if (byte == '\0') {
      words.emplace_back();
    } else {
      words.back() += byte;
    }
  }
  const std::vector<char*> arguments = Pointers(words);
  const Result<CommandLine> line = ParseCommandLine(arguments);
  if (!line) Demand(IsPrintable(line.error().message), "an error is printable");
  if (line && !line->help && !line->version) CheckRoundTrip(*line);
  ScrubPayloads(arguments);
  CheckScrubbed(arguments);
}

}  // namespace nydus

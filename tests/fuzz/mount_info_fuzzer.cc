// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/volume_conversion.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

void CheckConversion(const DirectVolume& volume) {
  const Result<KataVolume> converted = KataVolumeOf(volume);
  if (!converted) return DemandDiscreet(converted.error());
  Demand(DirectVolumeOf(*converted) == volume, "a direct volume comes back from a Kata volume");
}

void CheckText(std::string_view json, JsonDialect dialect) {
  const Result<DirectVolume> volume = ParseDirectVolume(json, {.dialect = dialect});
  if (!volume) return DemandDiscreet(volume.error());
  Demand(ParseDirectVolume(FormatDirectVolume(*volume), {.dialect = dialect}) == volume,
         "mountInfo.json is read as it was written");
  CheckConversion(*volume);
}

// One directory of its own for each volume, whatever its path.
void CheckPath(std::string_view volume_path) {
  const Result<std::string> path = MountInfoPath(volume_path);
  if (!path) return DemandDiscreet(path.error());
  std::string directory = path->substr(0, path->find('/'));
  Demand(path->substr(directory.size()) == "/mountInfo.json", "the file lies in one directory");
  constexpr std::size_t kLongestFileName = 255;
  Demand(directory.size() <= kLongestFileName, "the directory has a name that can be");
  std::ranges::replace(directory, '-', '+');
  std::ranges::replace(directory, '_', '/');
  Demand(DecodeBase64(directory, Base64Reading::kStrict) == volume_path,
         "the directory's name tells the volume's path");
}

}  // namespace

// As the text of mountInfo.json, and as the path of a volume.
void FuzzOne(std::string_view input) {
  CheckText(input, JsonDialect::kGo);
  CheckText(input, JsonDialect::kRust);
  CheckPath(input);
}

}  // namespace nydus

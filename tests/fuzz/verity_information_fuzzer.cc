// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "snapshot/payload/dm_verity.h"
#include "snapshot/payload/verity_label.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

void CheckLabel(std::string_view text) {
  const Result<DmVerity> verity = ParseVerityLabel(text);
  if (!verity) return DemandDiscreet(verity.error());
  const Result<std::string> written = FormatVerityLabel(*verity);
  Demand(written && ParseVerityLabel(*written) == verity, "a label is read as it was written");
}

// What a label says of a block from elsewhere, except that it never tells of a superblock.
void CheckAsLabel(DmVerity verity) {
  const Result<std::string> label = FormatVerityLabel(verity);
  if (!label) return DemandDiscreet(label.error());
  verity.salt.reset();
  verity.no_superblock = false;
  Demand(ParseVerityLabel(*label) == verity, "a block is read from the label made of it");
}

void CheckJson(std::string_view text) {
  const Result<DmVerity> verity = ParseDmVerity(text);
  if (!verity) return DemandDiscreet(verity.error());
  Demand(ParseDmVerity(FormatDmVerity(*verity)) == verity, "a block is read as it was written");
  CheckAsLabel(*verity);
}

}  // namespace

// As the text of a label and as JSON.
void FuzzOne(std::string_view input) {
  CheckLabel(input);
  CheckJson(input);
}

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>

#include "mount_helper/option_table.h"

// The page's source (scdoc) lists options as *name* at the start of a line of section OPTIONS,
// several separated by commas; a prefix ends in *\**.
namespace nydus {
namespace {

std::set<std::string> OptionsOfThePage() {
  std::set<std::string> names;
  std::ifstream page(NYDUS_MAN_PAGE);
  EXPECT_TRUE(page.is_open()) << NYDUS_MAN_PAGE;
  bool in_options = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("# ")) in_options = line == "# OPTIONS";
    if (!in_options || !line.starts_with("*")) continue;
    for (std::size_t open = line.find('*'); open != std::string::npos;) {
      const std::size_t close = line.find('*', open + 1);
      if (close == std::string::npos) break;
      std::string name = line.substr(open + 1, close - open - 1);
      if (name.ends_with('=')) name.pop_back();
      std::erase(name, '\\');
      names.insert(name);
      open = line.find('*', close + 1);
    }
  }
  return names;
}

std::set<std::string> OptionsOfTheTable() {
  std::set<std::string> names;
  for (const OptionRow& row : OptionTable()) names.emplace(row.name);
  return names;
}

TEST(ManPage, NamesEveryOptionOfTheTableAndNothingElse) {
  EXPECT_EQ(OptionsOfThePage(), OptionsOfTheTable());
}

}  // namespace
}  // namespace nydus

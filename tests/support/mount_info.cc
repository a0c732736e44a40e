// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mount_info.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace nydus {

namespace {

std::string Unescape(const std::string& field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size()) {
      text += static_cast<char>(std::strtol(field.substr(i + 1, 3).c_str(), nullptr, 8));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

MountInfo ParseLine(const std::string& line) {
  std::istringstream stream(line);
  const std::vector<std::string> fields((std::istream_iterator<std::string>(stream)), {});
  MountInfo mount;
  mount.id = std::atoi(fields.at(0).c_str());
  mount.root = Unescape(fields.at(3));
  mount.mount_point = Unescape(fields.at(4));
  mount.options = fields.at(5);
  std::size_t next = 6;
  for (; fields.at(next) != "-"; ++next) {
    mount.propagation += (mount.propagation.empty() ? "" : " ") + fields[next];
  }
  mount.type = fields.at(next + 1);
  mount.source = Unescape(fields.at(next + 2));
  mount.super_options = Unescape(fields.at(next + 3));
  return mount;
}

std::vector<MountInfo> ReadMountInfo() {
  std::vector<MountInfo> mounts;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) mounts.push_back(ParseLine(line));
  return mounts;
}

}  // namespace

std::vector<MountInfo> MountsAt(const std::string& mount_point) {
  std::vector<MountInfo> mounts = ReadMountInfo();
  std::erase_if(mounts, [&](const MountInfo& mount) { return mount.mount_point != mount_point; });
  return mounts;
}

std::size_t CountMounts() {
  return ReadMountInfo().size();
}

}  // namespace nydus

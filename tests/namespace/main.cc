// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "tests/support/requirement.h"

namespace {

constexpr int kSkipped = 77;

int Skip(std::string_view reason) {
  const bool fatal = nydus::IsRequired("namespace");
  std::fprintf(stderr, "%s: %s: %s\n", fatal ? "FAILED" : "SKIPPED", std::string(reason).c_str(),
               std::strerror(errno));
  return fatal ? 1 : kSkipped;
}

bool Write(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// An ordinary user becomes root of a namespace of their own.
bool BecomeRoot() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0) return true;
  return unshare(CLONE_NEWUSER) == 0 && Write("/proc/self/setgroups", "deny") &&
         Write("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") &&
         Write("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!BecomeRoot()) return Skip("no user namespace can be made");
  if (unshare(CLONE_NEWNS) != 0) return Skip("no mount namespace can be made");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Skip("the mounts cannot be made private");
  }
  return RUN_ALL_TESTS();
}

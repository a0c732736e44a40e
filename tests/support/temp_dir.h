// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace nydus {

// A new empty directory that goes away with everything in it. Ends the program if it cannot be
// made.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string PathOf(std::string_view name) const;

  // Writes a file with mode 0644, whatever the umask says, and returns its path.
  [[nodiscard]] std::string Write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

}  // namespace nydus

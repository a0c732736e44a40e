// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <new>
#include <span>
#include <string_view>

#include "mount_helper/mount_command.h"
#include "mount_helper/report.h"

int main(int argc, char** argv) {
  std::set_new_handler([] {
    constexpr std::string_view kMessage = "mount.fuse.nydus-overlayfs: out of memory\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kMessage.data(), kMessage.size());
    _exit(nydus::kExitSystem);
  });
  const std::span<char* const> arguments(argv, static_cast<std::size_t>(argc));
  return nydus::RunMountCommand(arguments.empty() ? arguments : arguments.subspan(1));
}

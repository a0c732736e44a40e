// SPDX-License-Identifier: Apache-2.0
#include "ctl/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "ctl/common_flags.h"

namespace nydus {

bool WantsColour() {
  if (FLAGS_color != "auto") return FLAGS_color == "always";
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace nydus

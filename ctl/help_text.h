// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ctl/verb.h"

namespace nydus {

// --help of the tool: what it is and its verbs.
std::string ToolHelp(std::span<const Verb> verbs);

// --help of a word that begins several verbs.
std::string GroupHelp(std::string_view group, std::span<const Verb> verbs);

// --help of one verb: its description and its flags, as gflags has them.
std::string VerbHelp(const Verb& verb);

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.h"

namespace nydus {

// What each fuzz target defines: tries one input, and calls Demand() for every property that has to
// hold for it.
void FuzzOne(std::string_view input);

// Ends the program, saying which property an input violates.
void Demand(bool holds, std::string_view property);

// One line that a terminal and a log show as it is: no control byte, valid UTF-8.
bool IsPrintable(std::string_view text);

// A word that stands for a credential. It is in the dictionaries, so that inputs hold it, and in no
// text of ours, so that whatever shows it has repeated the input.
inline constexpr std::string_view kSecret = "Pa55w0rd";

// An error is printable and does not show the secret.
void DemandDiscreet(const Error& error);

}  // namespace nydus

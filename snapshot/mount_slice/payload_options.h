// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

// Payloads as mount options, NAME=BASE64. More than kMaxPayloadBytes of JSON is refused, because
// nobody would read it. Errors begin with the field and never hold a value.
namespace nydus {

// `extraoption=`. All fields must be there and UTF-8, and the version be v5 or v6: what
// nydus-snapshotter writes and Kata's Rust runtime wants.
Result<std::string> EncodeExtraOption(const ExtraOption& option);

// `io.katacontainers.volume=`. Who accepts the volume is for the caller to ask
// (volume_validation.h).
Result<std::string> EncodeKataVolume(const KataVolume& volume);

}  // namespace nydus

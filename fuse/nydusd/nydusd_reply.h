// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "fuse/nydusd/nydusd_client.h"

// The bodies of nydusd's answers (nydus: api/src/http.rs).
namespace nydus {

// DaemonInfo, the answer to GET /api/v1/daemon. Unknown members are passed over; a broken text is
// kSystem.
Result<NydusdInformation> ParseNydusdInformation(std::string_view text);

// The message of ErrorMessage, as nydusd wrote it. Nothing if the text is no such object: errors of
// its HTTP server have other texts, some of them no JSON.
std::optional<std::string> ParseNydusdError(std::string_view text);

// What to do about a message, for the texts that are known; else empty.
std::string_view HintForNydusdError(std::string_view message);

}  // namespace nydus

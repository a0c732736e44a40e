// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// Which texts may be shown where. A harmless name alone is no proof: whoever writes a payload can
// put a credential behind any name. So each kind of value has a grammar that leaves no room for
// user and password, query, fragment or percent-encoding, and only what fits is shown.
namespace nydus {

enum class ValueKind {
  kWord,         // one of a fixed list: types, modes, schemes, algorithms
  kVolumeType,   // one that ParseKataVolumeType() knows
  kName,         // [a-z0-9.-], 63 bytes at most: a bucket or a region, which nobody can list
  kIdentifier,   // [A-Za-z0-9_.-], 128 bytes at most: a sandbox or a container
  kSnapshot,     // /NUMBER, by which nydus-snapshotter names nydusd's configuration
  kNumber,       // decimal digits
  kBoolean,      // true or false
  kHexadecimal,  // a hash or a salt
  kDigest,       // sha256:HEX or sha512:HEX
  kDigests,      // these, joined by commas
  kBlockVerity,  // BLOCKS,OFFSET,DIGEST
  kHost,         // [http[s]://]HOST[:PORT]
  kReference,    // [HOST[:PORT]/]NAME[:TAG][@DIGEST]
  kPath,         // absolute
  kPathOrReference,
  kPathOrWord,       // absolute, or letters, digits, and ._+/-
  kDirectory,        // absolute, or relative with a slash in it
  kLayers,           // these, joined as in lowerdir=
  kSecurityContext,  // SELinux: USER:ROLE:TYPE[:LEVEL]
};

// True if `text` is a value of this kind. Nothing is a value of every kind.
bool Fits(ValueKind kind, std::string_view text);

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include "kata/request_digest.h"

// EVP would load providers and a configuration file: a third of a hand-over's time
// (tests/bench/hand_over).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/text.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

std::string RequestDigest(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) text += StrCat(part.size(), ":", part, ",");

  SHA256_CTX context;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Init(&context);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest, &context);
  return ToHex({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace nydus

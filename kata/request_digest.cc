// SPDX-License-Identifier: Apache-2.0
#include "kata/request_digest.h"

#include <openssl/evp.h>

#include "base/text.h"

namespace nydus {

Result<std::string> RequestDigest(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) text += StrCat(part.size(), ":", part, ",");

  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1) {
    return Fail(ErrorKind::kSystem, "OpenSSL cannot make a SHA-256 digest");
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hexadecimal;
  for (unsigned i = 0; i < length; ++i) {
    hexadecimal += kDigits[digest[i] >> 4];
    hexadecimal += kDigits[digest[i] & 0xf];
  }
  return hexadecimal;
}

}  // namespace nydus

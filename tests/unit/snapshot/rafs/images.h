// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The first and last bytes of images, made by hand.
namespace nydus::images {

template <typename T>
void Put(std::string& bytes, std::size_t offset, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes.at(offset + i) = static_cast<char>(value & 0xFFU);
    value = static_cast<T>(static_cast<std::uint64_t>(value) >> 8U);
  }
}

// RAFS v5: zstd, blake3, one blob, chunks of 1 MiB.
inline std::string RafsV5() {
  std::string bytes(8192, '\0');
  Put<std::uint32_t>(bytes, 0, 0x52414653);
  Put<std::uint32_t>(bytes, 4, 0x500);
  Put<std::uint32_t>(bytes, 8, 8192);
  Put<std::uint32_t>(bytes, 12, 0x100000);
  Put<std::uint64_t>(bytes, 16, 0x84);
  Put<std::uint32_t>(bytes, 68, 1);
  return bytes;
}

// EROFS with blocks of 4096 bytes and no other device.
inline std::string Erofs() {
  std::string bytes(4096, '\0');
  Put<std::uint32_t>(bytes, 1024, 0xE0F5E1E2);
  Put<std::uint8_t>(bytes, 1036, 12);
  Put<std::uint64_t>(bytes, 1040, 4);
  return bytes;
}

// RAFS v6: lz4, sha256, two blobs, chunks of 1 MiB.
inline std::string RafsV6() {
  std::string bytes = Erofs();
  Put<std::uint32_t>(bytes, 1032, 0x40000000);
  Put<std::uint32_t>(bytes, 1104, 0xC);
  Put<std::uint16_t>(bytes, 1110, 2);
  Put<std::uint16_t>(bytes, 1112, 11);
  Put<std::uint64_t>(bytes, 1152, 0xA);
  Put<std::uint32_t>(bytes, 1172, 0x100000);
  return bytes;
}

// A GNU tar header with a good checksum.
inline std::string TarHeader(std::string_view name) {
  std::string bytes(512, '\0');
  const auto write = [&bytes](std::ptrdiff_t offset, std::string_view text) {
    std::ranges::copy(text, bytes.begin() + offset);
  };
  write(0, name);
  write(124, "77777777777");  // a length far beyond every file here
  write(148, "        ");
  write(257, "ustar ");
  std::uint32_t sum = 0;
  for (const char byte : bytes) sum += static_cast<unsigned char>(byte);
  std::string digits = "0000000";
  for (std::size_t i = 7; i-- > 0; sum /= 8) digits[i] = static_cast<char>('0' + sum % 8);
  write(148, digits);
  bytes[155] = '\0';
  return bytes;
}

}  // namespace nydus::images

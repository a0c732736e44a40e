// SPDX-License-Identifier: Apache-2.0
#include "image_lab.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace nydus {

std::string ImageLab::Data(std::uint64_t blocks) {
  std::string data(blocks * 4096, '\0');
  for (std::uint64_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>((i / 4096 * 7 + i % 4096) & 0xFFU);
  }
  return data;
}

FormattedImage ImageLab::Format(std::uint64_t blocks, VerityParameters parameters) const {
  Result<FormattedImage> formatted =
      FormatImage({.data = WriteImage(Data(blocks))}, parameters, {});
  if (!formatted) {
    std::cerr << formatted.error().message << '\n';
    std::abort();
  }
  return std::move(*formatted);
}

Result<VerityVerdict> ImageLab::Verify(const FormattedImage& formatted) const {
  return VerifyImage({.data = PathOf("image")}, formatted.parameters, formatted.root_hash, {});
}

std::vector<std::string> ImageLab::Files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  return bytes;
}

void FlipBit(const std::string& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 1));
}

VerityParameters SmallTree() {
  return {.hash_block_size = 512};
}

}  // namespace nydus

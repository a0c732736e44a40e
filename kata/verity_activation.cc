// SPDX-License-Identifier: Apache-2.0
#include "kata/verity_activation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>

#include "base/text.h"
#include "base/unique_fd.h"
#include "snapshot/verity/layout.h"
#include "snapshot/verity/superblock.h"

namespace nydus {

namespace {

constexpr std::uint64_t kSectorSize = 512;  // of device-mapper, whatever the device's

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string_view SaltOf(const DmVerity& verity) {
  return verity.salt && !verity.salt->empty() ? std::string_view(*verity.salt) : "-";
}

// In hash blocks. A superblock takes one of whatever size.
std::uint64_t HashStart(const DmVerity& verity) {
  return (verity.hash_offset / verity.hash_block_size) + (verity.no_superblock ? 0 : 1);
}

// Whether a tree over `blocks` data blocks lies as that over verity.data_blocks does.
bool HasSameTree(const DmVerity& verity, std::uint64_t blocks) {
  const std::uint64_t digest_size = verity.root_hash.size() / 2;
  const std::uint64_t digests_per_block = std::bit_floor(verity.hash_block_size / digest_size);
  const auto lowest_level = [digests_per_block](std::uint64_t data_blocks) {
    return data_blocks == 1 ? 0 : ((data_blocks - 1) / digests_per_block) + 1;
  };
  return lowest_level(blocks) == lowest_level(verity.data_blocks);
}

// The image's path is a volume's source: no message holds it.
Failure FailImage(ErrorKind kind, int errno_value) {
  return FailErrno(kind, errno_value, "source");
}

Result<UniqueFd> OpenImage(const std::string& path) {
  const UniqueFd place(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place.ok()) return FailImage(ErrorKind::kUsage, errno);
  struct stat status = {};
  if (fstat(place.get(), &status) != 0) return FailImage(ErrorKind::kSystem, errno);
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
    return Fail(ErrorKind::kUsage, "source: is neither a regular file nor a block device");
  }
  const std::string same = StrCat("/proc/self/fd/", place.get());
  UniqueFd image(open(same.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!image.ok()) return FailImage(ErrorKind::kSystem, errno);
  return image;
}

}  // namespace

std::string VerityTable(const DmVerity& verity) {
  return StrCat("0 ", verity.data_blocks * verity.data_block_size / kSectorSize, " verity ",
                verity.hash_type, " ", kVerityDevice, " ", kVerityDevice, " ",
                verity.data_block_size, " ", verity.hash_block_size, " ", verity.data_blocks, " ",
                HashStart(verity), " ", LowerCase(verity.hash_algorithm), " ", verity.root_hash,
                " ", SaltOf(verity));
}

Result<std::vector<std::string>> AgentVerityOptions(const DmVerity& verity) {
  if (verity.hash_offset % verity.data_block_size != 0) {
    return Fail(ErrorKind::kUsage,
                "dm_verity: offset is not a multiple of blocksize, as Kata's agent demands");
  }
  if (!HasSameTree(verity, verity.hash_offset / verity.data_block_size)) {
    return Fail(ErrorKind::kUsage,
                "dm_verity: offset lies too far behind the data for Kata's agent, which takes all "
                "in front of it for data");
  }
  return std::vector<std::string>{
      "X-kata.dmverity-enabled=true",
      StrCat("X-kata.dmverity.roothash=", verity.root_hash),
      StrCat("X-kata.dmverity.hashoffset=", verity.hash_offset),
      StrCat("X-kata.dmverity.blocksize=", verity.data_block_size),
      StrCat("X-kata.dmverity.hashsize=", verity.hash_block_size),
      StrCat("X-kata.dmverity.algorithm=", LowerCase(verity.hash_algorithm)),
      StrCat("X-kata.dmverity.hashtype=", verity.hash_type),
      StrCat("X-kata.dmverity.no-superblock=", verity.no_superblock ? "true" : "false"),
      StrCat("X-kata.dmverity.salt=", SaltOf(verity)),
  };
}

Result<> SettleSuperblock(const std::string& path, DmVerity& verity) {
  if (verity.no_superblock) return {};
  const Result<UniqueFd> image = OpenImage(path);
  if (!image) return Failure(image.error());
  std::array<char, kSuperblockSignature.size()> bytes = {};
  const off_t offset =
      static_cast<off_t>(std::min(verity.hash_offset, kMaxFileOffset - bytes.size()));
  const ssize_t read = pread(image->get(), bytes.data(), bytes.size(), offset);
  if (read < 0) return FailImage(ErrorKind::kSystem, errno);
  if (static_cast<std::size_t>(read) < bytes.size()) {
    return Fail(ErrorKind::kUsage, "source: ends before the hash area of dm_verity");
  }
  verity.no_superblock = std::string_view(bytes.data(), bytes.size()) != kSuperblockSignature;
  return {};
}

}  // namespace nydus

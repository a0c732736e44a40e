// SPDX-License-Identifier: Apache-2.0
#include "snapshot/rafs/rafs_detection.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

// RAFS v5: offsets from the start of the file.
constexpr std::uint32_t kV5Magic = 0x5241'4653;
constexpr std::uint32_t kV5Version = 0x500;
constexpr std::uint32_t kV5SuperBlockSize = 8192;
constexpr std::size_t kV5FieldBytes = 80;  // of the super block, the rest is padding

// EROFS and RAFS v6: offsets from the start of the file, with the super block at 1024.
constexpr std::size_t kErofsSuperBlock = 1024;
constexpr std::size_t kErofsSuperBlockEnd = 1152;
constexpr std::size_t kV6ExtendedEnd = 1408;
constexpr std::uint32_t kErofsMagic = 0xE0F5'E1E2;
constexpr std::uint32_t kV6CompatFlag = 0x4000'0000;
constexpr std::uint32_t kV6IncompatFlags = 0x4 | 0x8;  // chunked files, a device table
constexpr std::uint32_t kV6DeviceTableSlot = kV6ExtendedEnd / 128;
constexpr std::uint8_t kMinBlockBits = 9;
constexpr std::uint8_t kMaxBlockBits = 16;

// Flags of both RAFS super blocks: rafs/src/metadata/mod.rs, RafsSuperFlags.
struct FlagName {
  std::uint64_t flag;
  std::string_view name;
};
constexpr FlagName kCompressors[] = {
    {0x1, "none"}, {0x2, "lz4_block"}, {0x40, "gzip"}, {0x80, "zstd"}};
constexpr FlagName kDigesters[] = {{0x4, "blake3"}, {0x8, "sha256"}};
constexpr std::uint64_t kTarfsFlag = 0x200;

// GNU tar: offsets in a header.
constexpr std::size_t kTarNameBytes = 100;
constexpr std::size_t kTarChecksum = 148;
constexpr std::size_t kTarChecksumBytes = 8;
constexpr std::size_t kTarMagic = 257;

constexpr std::string_view kTailNames[] = {"rafs.blob.toc", "image.boot"};

// All fields are little-endian. The caller has checked that they lie within `bytes`.
template <typename T>
T Field(std::string_view bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>(value << 8U | static_cast<unsigned char>(bytes[offset + i]));
  }
  return value;
}

// The name of the one flag of `names` that is set.
template <std::size_t kCount>
std::string_view OnlyFlag(std::uint64_t flags, const FlagName (&names)[kCount]) {
  std::string_view found;
  for (const FlagName& row : names) {
    if ((flags & row.flag) == 0) continue;
    if (!found.empty()) return {};
    found = row.name;
  }
  return found;
}

void ReadFlags(std::uint64_t flags, RafsDetection& detection) {
  detection.compressor = OnlyFlag(flags, kCompressors);
  detection.digester = OnlyFlag(flags, kDigesters);
  detection.tarfs = (flags & kTarfsFlag) != 0;
}

std::string FlawOfFlags(const RafsDetection& detection) {
  if (detection.compressor.empty()) return "its flags name no compressor, or several";
  if (detection.digester.empty()) return "its flags name no digest, or several";
  return {};
}

bool HasV5Magic(std::string_view head) {
  return head.size() >= 8 && Field<std::uint32_t>(head, 0) == kV5Magic;
}

std::uint32_t V5Version(std::string_view head) {
  return Field<std::uint32_t>(head, 4);
}

bool IsRafsV5(std::string_view head) {
  return HasV5Magic(head) && V5Version(head) == kV5Version;
}

RafsDetection UnknownRafsVersion(std::string_view head) {
  return {.flaw = StrCat("RAFS version ", V5Version(head) >> 8U, " is neither 5 nor 6")};
}

RafsDetection DetectV5(std::string_view head) {
  RafsDetection detection{.kind = RafsKind::kRafsV5};
  if (head.size() < kV5FieldBytes) {
    detection.flaw = "it ends within its super block";
    return detection;
  }
  detection.chunk_size = Field<std::uint32_t>(head, 12);
  ReadFlags(Field<std::uint64_t>(head, 16), detection);
  detection.blobs = Field<std::uint32_t>(head, 68);
  detection.flaw = FlawOfFlags(detection);
  if (Field<std::uint32_t>(head, 8) != kV5SuperBlockSize) {
    detection.flaw = "its super block has the wrong size";
  }
  return detection;
}

bool HasErofsMagic(std::string_view head) {
  return head.size() >= kErofsSuperBlockEnd &&
         Field<std::uint32_t>(head, kErofsSuperBlock) == kErofsMagic;
}

// What nydusd checks in the EROFS super block of a RAFS v6 bootstrap.
std::string FlawOfV6(std::string_view head) {
  const auto block_bits = Field<std::uint8_t>(head, 1036);
  if (block_bits != 9 && block_bits != 12) return "its block size is neither 512 nor 4096";
  if (Field<std::uint32_t>(head, 1028) != 0) return "it has a checksum, which RAFS does not use";
  if (Field<std::uint8_t>(head, 1037) != 0) return "its super block is extended";
  if (Field<std::uint64_t>(head, 1040) == 0) return "it has no inodes";
  if (Field<std::uint32_t>(head, 1104) != kV6IncompatFlags) {
    return "it uses features that RAFS does not have";
  }
  if (Field<std::uint16_t>(head, 1112) != kV6DeviceTableSlot) {
    return "its device table is in the wrong place";
  }
  return {};
}

RafsDetection DetectErofs(std::string_view head) {
  RafsDetection detection{.kind = RafsKind::kErofs};
  const auto block_bits = Field<std::uint8_t>(head, 1036);
  if (block_bits >= kMinBlockBits && block_bits <= kMaxBlockBits) {
    detection.block_size = std::uint32_t{1} << block_bits;
  }
  detection.blobs = Field<std::uint16_t>(head, 1110);
  if ((Field<std::uint32_t>(head, 1032) & kV6CompatFlag) == 0) return detection;

  detection.kind = RafsKind::kRafsV6;
  detection.flaw = FlawOfV6(head);
  if (head.size() < kV6ExtendedEnd) {
    detection.flaw = "it ends within its extended super block";
    return detection;
  }
  ReadFlags(Field<std::uint64_t>(head, kErofsSuperBlockEnd), detection);
  detection.chunk_size = Field<std::uint32_t>(head, 1172);
  if (detection.flaw.empty()) detection.flaw = FlawOfFlags(detection);
  return detection;
}

// The sum of a tar header's bytes, its own checksum counted as blanks, is what the checksum says.
bool IsTarHeader(std::string_view header) {
  if (header.size() != kRafsTailBytes || header.substr(kTarMagic, 5) != "ustar") return false;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool in_checksum = i >= kTarChecksum && i < kTarChecksum + kTarChecksumBytes;
    sum += static_cast<unsigned char>(in_checksum ? ' ' : header[i]);
  }
  std::uint32_t written = 0;
  for (const char digit : header.substr(kTarChecksum, kTarChecksumBytes)) {
    if (digit < '0' || digit > '7') break;
    written = written * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  return sum == written;
}

// In a blob every header follows its data, so the last one names the last part.
std::string_view TailName(std::string_view tail) {
  if (!IsTarHeader(tail)) return {};
  const std::string_view field = tail.substr(0, kTarNameBytes);
  const std::string_view name = field.substr(0, field.find('\0'));
  const auto* const found = std::ranges::find(kTailNames, name);
  return found == std::end(kTailNames) ? std::string_view() : *found;
}

// At most `size` bytes from `offset`; fewer at the end of the file.
Result<std::string> ReadAt(int fd, off_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        pread(fd, bytes.data() + filled, size - filled, offset + static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno(ErrorKind::kSystem, errno, "read");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Result<off_t> SizeOf(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return FailErrno(ErrorKind::kSystem, errno, "fstat");
  if (S_ISREG(status.st_mode)) return status.st_size;
  if (!S_ISBLK(status.st_mode)) {
    return Fail(ErrorKind::kUsage, "is neither a regular file nor a block device");
  }
  const off_t position = lseek(fd, 0, SEEK_CUR);
  const off_t size = lseek(fd, 0, SEEK_END);
  if (position < 0 || size < 0 || lseek(fd, position, SEEK_SET) < 0) {
    return FailErrno(ErrorKind::kSystem, errno, "lseek");
  }
  return size;
}

}  // namespace

std::string_view RafsKindName(RafsKind kind) {
  switch (kind) {
    case RafsKind::kNotAnImage: return "not an image";
    case RafsKind::kRafsV5: return "RAFS v5";
    case RafsKind::kRafsV6: return "RAFS v6";
    case RafsKind::kErofs: return "EROFS";
    case RafsKind::kBlobWithTail: return "Nydus blob with its bootstrap inside";
  }
  std::unreachable();
}

RafsDetection DetectRafs(std::string_view head, std::string_view tail) {
  if (IsRafsV5(head)) return DetectV5(head);
  if (HasErofsMagic(head)) return DetectErofs(head);
  if (HasV5Magic(head)) return UnknownRafsVersion(head);
  if (const std::string_view name = TailName(tail); !name.empty()) {
    return {.kind = RafsKind::kBlobWithTail, .tail = name};
  }
  if (head.size() < kErofsSuperBlockEnd) return {.flaw = "it is too short for an image"};
  return {.flaw = "it bears no mark of RAFS or EROFS"};
}

Result<std::string> ReadRafsHead(int fd) {
  return ReadAt(fd, 0, kRafsHeadBytes);
}

Result<RafsDetection> DetectRafs(int fd) {
  const Result<off_t> size = SizeOf(fd);
  if (!size) return Failure(size.error());
  const Result<std::string> head = ReadRafsHead(fd);
  if (!head) return Failure(head.error());
  const off_t tail_start = std::max<off_t>(0, *size - static_cast<off_t>(kRafsTailBytes));
  const Result<std::string> tail = ReadAt(fd, tail_start, kRafsTailBytes);
  if (!tail) return Failure(tail.error());
  return DetectRafs(*head, *tail);
}

Result<std::string_view> DetectFsVersion(std::string_view head) {
  if (head.size() < 8) return Fail(ErrorKind::kUsage, "the bootstrap is shorter than 8 bytes");
  if (IsRafsV5(head)) return "v5";
  if (head.size() >= kV6ExtendedEnd && HasErofsMagic(head)) return "v6";
  return Fail(ErrorKind::kUsage, "the bootstrap is neither RAFS v5 nor RAFS v6");
}

}  // namespace nydus

// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/verbs.h"
#include "ctl/volume_input.h"
#include "snapshot/mount_slice/payload_options.h"
#include "snapshot/payload/volume_validation.h"

DEFINE_string(for, "snapshotter",
              "READER: snapshotter, kata-go or kata-rust: whose rules the volume must satisfy");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Writes the mount option io.katacontainers.volume=BASE64, byte for byte as nydus-snapshotter\n"
    "does, of JSON (nydus-overlayfs-payload(5)) from FILE or standard input. That may be written "
    "in\n"
    "any way that the reader's decoder takes; a member that is not known is refused, because it\n"
    "would be lost. The output may hold credentials.\n"
    "\n"
    "An extra option becomes a volume of type image_nydus_fs with the file system rafsv5 or "
    "rafsv6,\n"
    "a mount-info one of type direct_block, as kata-types converts them.\n"
    "\n"
    "  {\"volume_type\": \"image_raw_block\", \"source\": \"/a.disk\", \"fs_type\": \"erofs\",\n"
    "   \"options\": [\"ro\"]}\n";

constexpr std::string_view kFlags[] = {"from", "for"};

// Who reads the volume: how it decodes JSON and what it accepts.
struct Reader {
  std::string_view name;
  JsonDialect dialect;
  Result<> (*validate)(const KataVolume& volume);
};
constexpr Reader kReaders[] = {
    {"snapshotter", JsonDialect::kGo, ValidateForSnapshotter},
    {"kata-go", JsonDialect::kGo, ValidateForKataGo},
    {"kata-rust", JsonDialect::kRust, ValidateForKataRust},
};

const Reader* FindReader(std::string_view name) {
  for (const Reader& reader : kReaders) {
    if (reader.name == name) return &reader;
  }
  return nullptr;
}

bool IsReaderName(const char*, const std::string& value) {
  return FindReader(value) != nullptr;
}
DEFINE_validator(for, &IsReaderName);

Result<VerbOutcome> Run(const Operands& operands) {
  const Reader& reader = *FindReader(FLAGS_for);
  const Result<KataVolume> volume = ReadVolumeInput(operands, reader.dialect);
  if (!volume) return Failure(volume.error());
  if (Result<> valid = reader.validate(*volume); !valid) {
    return Failure(std::move(valid.error()));
  }
  const Result<std::string> option = EncodeKataVolume(*volume);
  if (!option) return Failure(option.error());
  return VerbOutcome{.output = StrCat(*option, "\n")};
}

}  // namespace

Verb EncodeVolumeVerb() {
  return {.name = "encode volume",
          .operands = "[FILE]",
          .summary = "make the option io.katacontainers.volume=",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus

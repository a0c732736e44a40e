// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/hints.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nydus {

namespace {

// All options travel as one argument of mount.fuse's shell (Linux: MAX_ARG_STRLEN).
constexpr std::size_t kMaxArgumentBytes = std::size_t{128} * 1024;

// mount(2) reads no more than this and drops the rest without a word.
constexpr std::size_t kMountDataBytes = 4096;

// A phrase in what containerd quotes, and what it means.
struct Symptom {
  std::string_view phrase;
  std::string_view cause;
};
constexpr std::array<Symptom, 9> kSymptoms = {{
    {"executable file not found",
     "containerd finds no mount.fuse on its PATH: install fuse3 on the node"},
    {"nydus-overlayfs: not found",
     "mount.fuse's shell finds no nydus-overlayfs on containerd's PATH: install the helper"},
    {"No such file or directory\nfuse: failed to exec", "mount.fuse cannot run the helper"},
    {"Argument list too long",
     "the options are longer than one argument may be, 128 KiB: shorten the payload"},
    {"mount overlayfs by syscall: no such",
     "the Go helper of nydus-snapshotter failed: a directory is missing, or the kernel cut data "
     "beyond 4096 bytes"},
    {"mount overlayfs by syscall: invalid",
     "the Go helper of nydus-snapshotter failed: a single lower directory, volatile used twice, or "
     "data beyond 4096 bytes"},
    {"mount overlayfs by syscall: too many",
     "the Go helper of nydus-snapshotter failed: data beyond 4096 bytes"},
    {"ransport endpoint is not connected",
     "the nydusd behind a lower directory is dead: restart nydus-snapshotter"},
    {"peration not permitted", "whoever called the helper may not mount"},
}};

bool Has(const Inspection& inspection, PayloadKind kind) {
  return std::ranges::find(inspection.payloads, kind, &PayloadReport::kind) !=
         inspection.payloads.end();
}

void AddOutcome(const MountText& text, std::vector<std::string>& hints) {
  for (const Symptom& symptom : kSymptoms) {
    if (text.report.contains(symptom.phrase)) hints.emplace_back(symptom.cause);
  }
  if ((text.status == 126 || text.status == 127) && !text.report.contains("not found")) {
    hints.push_back(
        StrCat("status ", *text.status, ": mount.fuse's shell could not run the helper"));
  }
  if (text.signal) {
    hints.push_back(StrCat("mount.fuse or the helper was killed by signal ", *text.signal,
                           ": look for lack of memory, or for who stopped containerd meanwhile"));
  }
  if (text.status && *text.status > 128) {
    hints.push_back(
        StrCat("status ", *text.status, ": the helper was killed by signal ", *text.status - 128));
  }
}

void AddType(const MountText& text, const Inspection& inspection, std::vector<std::string>& hints) {
  if (text.type.empty() || inspection.payloads.empty()) return;
  if (text.type == "overlay") {
    hints.emplace_back(
        "type overlay calls no helper, and the kernel refuses payloads: the type must be "
        "fuse.nydus-overlayfs");
    return;
  }
  if (text.type.contains('/')) {
    hints.emplace_back(
        "the type holds a path: containerd 2.2 and later write the payload, credentials included, "
        "to their log (set nydus_overlayfs_path to a bare name)");
  }
  if (inspection.kata_go_takes_type == true && inspection.kata_rust_takes_type == false) {
    hints.emplace_back("Kata's Rust runtime knows only the type fuse.nydus-overlayfs");
  }
  if (inspection.kata_go_takes_type == false) {
    hints.emplace_back("neither runtime of Kata knows this type");
  }
}

void AddPayloads(const Inspection& inspection, std::vector<std::string>& hints) {
  if (Has(inspection, PayloadKind::kExtraOption) && Has(inspection, PayloadKind::kKataVolume)) {
    hints.emplace_back(
        "an extraoption beside a Kata volume: Kata's Go runtime uses the volume alone");
  }
  const auto extra_options =
      std::ranges::count(inspection.payloads, PayloadKind::kExtraOption, &PayloadReport::kind);
  if (extra_options > 1) {
    hints.emplace_back(
        "several extraoptions: Kata's Go runtime takes the last, its Rust runtime refuses them");
  }
}

void AddLength(const MountText& text, const Inspection& inspection,
               std::vector<std::string>& hints) {
  if (text.options.size() >= kMaxArgumentBytes) {
    hints.push_back(StrCat(text.options.size(),
                           " bytes of options: containerd's path carries less than 128 KiB"));
    return;
  }
  std::size_t data = 0;
  for (const OptionReport& option : inspection.options) {
    if (!option.masked) data += option.name.size() + option.value.size() + 2;
  }
  if (data >= kMountDataBytes) {
    hints.emplace_back(
        "more than 4096 bytes of data: the kernel drops the rest where mount(2) is used, as by the "
        "Go helper");
  }
}

}  // namespace

std::vector<std::string> HintsFor(const MountText& text, const Inspection& inspection) {
  std::vector<std::string> hints;
  AddOutcome(text, hints);
  AddType(text, inspection, hints);
  AddPayloads(inspection, hints);
  AddLength(text, inspection, hints);
  return hints;
}

}  // namespace nydus
